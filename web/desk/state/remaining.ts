// How much is left, or how late it is, as people say it.

import { dayNumber } from '../../shared/shanghai';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface Remaining {
  late: boolean;
  unit: 'day' | 'hour' | 'minute';
  count: number;
}

/** From 24 hours on the days of the calendar count, as they do in law: what ends on Friday at 24:00 has
    three days left on Tuesday, morning and evening. Below that the hours that have begun or are whole. */
export function remaining(due: number, now: number): Remaining {
  const late = due < now;
  const apart = Math.abs(due - now);
  if (apart >= DAY_MS) return { late, unit: 'day', count: Math.abs(dayNumber(due) - dayNumber(now)) };
  if (apart >= HOUR_MS) return { late, unit: 'hour', count: Math.floor(apart / HOUR_MS) };
  return { late, unit: 'minute', count: Math.max(1, Math.floor(apart / MINUTE_MS)) };
}

/** How a row is marked at its edge. */
export function urgency(due: number, now: number): 'late' | 'soon' | '' {
  if (due < now) return 'late';
  return due - now < 3 * DAY_MS ? 'soon' : '';
}
