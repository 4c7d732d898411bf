// The order of alarms, and how each is heard.

import type { Incident } from '../../shared/protocol/shapes';
import type { Alarm } from '../protocol';
import { isClosed } from './queue-order';

const KIND_RANK: Record<Alarm['kind'], number> = { sos: 0, officer_silent: 1, exhausted: 2, actor_down: 3 };

export function alarmOrder(a: Alarm, b: Alarm): number {
  const level = (alarm: Alarm): number => (alarm.level === 'director' ? 0 : 1);
  return KIND_RANK[a.kind] - KIND_RANK[b.kind] || level(a) - level(b) || a.at - b.at;
}

/**
 * Officers were found after all, or one was heard of again, or it is over: it still wants a name, but
 * nobody waits for help.
 * An incident this desk does not know was closed before it connected.
 */
export function isSettled(alarm: Alarm, incident: Incident | undefined): boolean {
  if (alarm.kind === 'officer_silent') {
    // The officer has answered since, or has left the scene.
    return incident?.crew.find((member) => member.officer === alarm.officer)?.welfare !== 'silent';
  }
  if (alarm.kind !== 'exhausted') return false;
  return !incident || incident.status === 'underway' || isClosed(incident);
}

export type Sound = 'siren' | 'double' | null;

/** What concerns an officer's safety is never silent; the rest may be muted for a while. */
export function soundFor(alarms: readonly Alarm[], muted: boolean): Sound {
  if (alarms.some((alarm) => alarm.kind === 'sos' || alarm.kind === 'officer_silent')) return 'siren';
  return alarms.length > 0 && !muted ? 'double' : null;
}
