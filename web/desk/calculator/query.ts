// A question to the calculator, as it is filled in and as it is asked (PROTOCOL §2, "Dates of law").

import type { ProcedureNode } from '../protocol/procedure';

export interface SuspensionRow {
  id: number;
  from: string;
  /** The day on which the clock runs again. */
  until: string;
  /** It still stands: no `until`. */
  open: boolean;
  /** Code of a reason; empty for one that stops every node. */
  reason: string;
}

export interface Question {
  node: string;
  date: string;
  /** May be empty: then the day counts as a whole. */
  time: string;
  suspensions: readonly SuspensionRow[];
  extend: string;
  round: string;
}

/** Most suspensions of one question. */
export const SUSPENSIONS_MAX = 64;

export const fromOf = (date: string, time: string): string => (time === '' ? date : `${date}T${time}`);

export function suspensionText(row: SuspensionRow): string {
  const reason = row.reason === '' ? '' : `@${row.reason}`;
  return `${row.from}/${row.open ? '' : row.until}${reason}`;
}

export function queryOf(question: Question, node: ProcedureNode | undefined): string {
  const query = new URLSearchParams({ node: question.node, from: fromOf(question.date, question.time) });
  for (const row of question.suspensions) query.append('suspend', suspensionText(row));
  if (question.extend.trim() !== '') query.set('extend', question.extend.trim());
  if (node?.rounds && question.round !== '') query.set('round', question.round);
  return query.toString();
}

/** Hours and minutes run from a moment and not from a day. */
export const needsTime = (node: ProcedureNode | undefined): boolean =>
  node?.limit.unit === 'hours' || node?.limit.unit === 'minutes';
