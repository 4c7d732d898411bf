// The order of alarms, and how each is heard.

import type { Incident } from '../../shared/protocol/shapes';
import type { Alarm } from '../protocol';
import { stepReached } from './clocks';
import { isClosed } from './queue-order';

const KIND_RANK: Record<Alarm['kind'], number> = {
  sos: 0,
  officer_silent: 1,
  clock_overdue: 2,
  exhausted: 3,
  clock_warning: 4,
  clock_suspect: 5,
  actor_down: 6,
};
const LEVEL_RANK: Record<Alarm['level'], number> = { president: 0, director: 1, centre: 2 };

export function alarmOrder(a: Alarm, b: Alarm): number {
  return KIND_RANK[a.kind] - KIND_RANK[b.kind] || LEVEL_RANK[a.level] - LEVEL_RANK[b.level] || a.at - b.at;
}

/**
 * Officers were found after all, or one was heard of again, or the step was reached, or it is over: it
 * still wants a name, but nobody waits for help.
 * An incident this desk does not know was closed before it connected.
 */
export function isSettled(alarm: Alarm, incident: Incident | undefined): boolean {
  if (alarm.kind === 'officer_silent') {
    // The officer has answered since, or has left the scene.
    return incident?.crew.find((member) => member.officer === alarm.officer)?.welfare !== 'silent';
  }
  if (isOfClock(alarm)) return !incident || isClosed(incident) || stepReached(alarm.node, incident);
  if (alarm.kind !== 'exhausted') return false;
  return !incident || incident.status === 'underway' || isClosed(incident);
}

/** Is it about a clock of an emergency? */
export const isOfClock = ({ kind }: Alarm): boolean => kind === 'clock_warning' || kind === 'clock_overdue';

export type Sound = 'siren' | 'double' | null;

/** What concerns an officer's safety is never silent; the rest may be muted for a while. */
export function soundFor(alarms: readonly Alarm[], muted: boolean): Sound {
  if (alarms.some((alarm) => alarm.kind === 'sos' || alarm.kind === 'officer_silent')) return 'siren';
  return alarms.length > 0 && !muted ? 'double' : null;
}
