// What a dispatcher must see first. Pure, because the order of the queue is a promise.

import type { Incident } from '../../shared/protocol/shapes';

export type Section = 'act' | 'running' | 'routine' | 'closed';
export type Ageing = 'calm' | 'late' | 'overdue';

/** After these waits a row is tinted: emergency by minutes, routine by a quarter and an hour. */
const LATE_MS = { emergency: 60_000, routine: 15 * 60_000 };
const OVERDUE_MS = { emergency: 180_000, routine: 60 * 60_000 };

export function isClosed(incident: Incident): boolean {
  return incident.status === 'finished' || incident.status === 'cancelled';
}

export function isUrgent(incident: Incident): boolean {
  return incident.urgency === 'emergency' || incident.kind === 'officer_sos';
}

export function section(incident: Incident): Section {
  // An officer in danger stays in sight to the end, also when others are on the way.
  if (incident.kind === 'officer_sos' && !isClosed(incident)) return 'act';
  switch (incident.status) {
    case 'finished':
    case 'cancelled':
      return 'closed';
    case 'queued':
      return 'routine';
    case 'underway':
      return 'running';
    case 'searching':
      return incident.alarm ? 'act' : 'running';
    default:
      return 'act';
  }
}

/** Smaller comes first. */
function rank(incident: Incident): number {
  if (incident.kind === 'officer_sos') return 0;
  if (incident.alarm === 'director') return 1;
  if (incident.status === 'exhausted') return 2;
  return isUrgent(incident) ? 3 : 4;
}

export function inOrder(a: Incident, b: Incident): number {
  if (isClosed(a) && isClosed(b)) return (b.closed_at ?? b.updated_at) - (a.closed_at ?? a.updated_at);
  return rank(a) - rank(b) || a.opened_at - b.opened_at || (a.id < b.id ? -1 : 1);
}

/** Seats nobody has taken. Under way all were taken, also when some of the crew are done already. */
export function seatsOpen(incident: Incident): number {
  if (isClosed(incident) || incident.status === 'underway') return 0;
  return Math.max(0, incident.need - incident.crew.length);
}

/** Does somebody still wait for help to be sent? Under way and closed incidents do not age. */
export function isWaiting(incident: Incident): boolean {
  return !isClosed(incident) && incident.status !== 'underway';
}

export function ageing(incident: Incident, now: number): Ageing {
  if (!isWaiting(incident)) return 'calm';
  const waited = now - incident.opened_at;
  const urgency = isUrgent(incident) ? 'emergency' : 'routine';
  if (waited > OVERDUE_MS[urgency]) return 'overdue';
  return waited > LATE_MS[urgency] ? 'late' : 'calm';
}

/** Counted in the top bar: what a dispatcher can do something about. */
export function needsDispatcher(incident: Incident): boolean {
  return (
    incident.status === 'awaiting_place' || incident.status === 'awaiting_dispatch' || incident.status === 'exhausted'
  );
}
