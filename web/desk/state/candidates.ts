// To whom a case may go: every judge of the court, but not who has this one.

import type { Person } from '../../shared/protocol/shapes';
import type { Load } from '../protocol/supervision';
import { total } from './heat';

export interface Candidate extends Person {
  overdue: number;
  ahead: number;
}

/** Who has least stands first. */
export function candidates(load: Load, now: Person | null): Candidate[] {
  const all: Candidate[] = [];
  for (const row of load.handlers) {
    if (row.handler === null || row.handler.id === now?.id) continue;
    all.push({ ...row.handler, overdue: row.overdue, ahead: total(row) });
  }
  return all.sort((a, b) => a.overdue - b.overdue || a.ahead - b.ahead || a.name.localeCompare(b.name, 'zh-CN'));
}
