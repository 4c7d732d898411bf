// The table of load: who has how much on which day.

import type { HandlerLoad, Load } from '../protocol/supervision';

const LEVELS = 4;

/** 0 for nothing, then 1 to 4 by the share of the greatest; one or two are never much, however little the
    others have. The number itself is always shown too. */
export function heat(count: number, greatest: number): number {
  if (count <= 0) return 0;
  return Math.min(LEVELS, Math.ceil((count / Math.max(greatest, LEVELS)) * LEVELS));
}

export const total = (row: HandlerLoad): number => row.by_day.reduce((sum, count) => sum + count, 0);

/** Whoever is most behind stands first, then who has most ahead, then by name; nobody's cases last. */
export function byLoad(rows: readonly HandlerLoad[]): HandlerLoad[] {
  return [...rows].sort(
    (a, b) =>
      Number(a.handler === null) - Number(b.handler === null) ||
      b.overdue - a.overdue ||
      total(b) - total(a) ||
      (a.handler?.name ?? '').localeCompare(b.handler?.name ?? '', 'zh-CN'),
  );
}

export interface Sums {
  overdue: number;
  by_day: number[];
  greatestDay: number;
  greatestOverdue: number;
}

export function sums(load: Load): Sums {
  const rows = load.handlers;
  return {
    overdue: rows.reduce((sum, row) => sum + row.overdue, 0),
    by_day: load.days.map((_, nth) => rows.reduce((sum, row) => sum + (row.by_day[nth] ?? 0), 0)),
    greatestDay: Math.max(0, ...rows.flatMap((row) => row.by_day)),
    greatestOverdue: Math.max(0, ...rows.map((row) => row.overdue)),
  };
}
