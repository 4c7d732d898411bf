// The clocks of an emergency: until when a step must be reached. The incident tells only the one that is
// due next.

import { secondsLeft } from '../../shared/format';
import type { Incident, IncidentClock } from '../../shared/protocol/shapes';

export interface Countdown {
  overdue: boolean;
  /** What is left, or by how much it is over. */
  ms: number;
}

/** The server says when it has run out; until it has said so the page counts by itself. */
export function countdown(clock: IncidentClock, now: number): Countdown {
  const overdue = clock.overdue || now > clock.due;
  return { overdue, ms: overdue ? now - clock.due : secondsLeft(clock.due, now) * 1000 };
}

/** The steps follow each other in this order, and none is reached without those before it. */
const STEPS = ['E01', 'E02', 'E03', 'E04', 'E05'];

/**
 * Is the step reached that this clock waits for? An earlier step that is still open says that it is not,
 * also when its own clock is shown in place of this one.
 */
export function stepReached(node: string | null | undefined, incident: Incident): boolean {
  const next = incident.clock;
  if (!next) return true;
  const ours = STEPS.indexOf(node ?? '');
  if (ours < 0 || STEPS.indexOf(next.node) <= ours) return false;
  // E02 begins with the acknowledgement; when that came late, E03 is due before it.
  const sent = incident.crew.length + incident.offers_open.length > 0;
  return node !== 'E02' || next.node !== 'E03' || sent;
}
