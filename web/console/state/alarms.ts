// The order of alarms, and how each is heard.

import type { Alarm } from '../protocol';

const KIND_RANK: Record<Alarm['kind'], number> = { sos: 0, exhausted: 1, actor_down: 2 };

export function alarmOrder(a: Alarm, b: Alarm): number {
  const level = (alarm: Alarm): number => (alarm.level === 'director' ? 0 : 1);
  return KIND_RANK[a.kind] - KIND_RANK[b.kind] || level(a) - level(b) || a.at - b.at;
}

export type Sound = 'siren' | 'double' | null;

/** SOS is never silent; the rest may be muted for a while. */
export function soundFor(alarms: readonly Alarm[], muted: boolean): Sound {
  if (alarms.some((alarm) => alarm.kind === 'sos')) return 'siren';
  return alarms.length > 0 && !muted ? 'double' : null;
}
