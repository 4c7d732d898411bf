// What is wrong with a question, at the field it is about: found here before it is asked, or by the server.

import { Refused } from '../../shared/refused';
import type { Question } from './query';

export const FIELDS = ['node', 'from', 'suspend', 'extend', 'round'] as const;
export type Field = (typeof FIELDS)[number];

export interface Faults {
  /** A code for each field that has one. */
  fields: Partial<Record<Field, string>>;
  /** A code for each row of suspensions, by its id. The server does not say which row it means. */
  rows: Record<number, string>;
  /** What is about no field: the refusal as a whole. */
  other: unknown;
}

export const NO_FAULTS: Faults = { fields: {}, rows: {}, other: null };

export const isSound = (faults: Faults): boolean =>
  Object.keys(faults.fields).length === 0 && Object.keys(faults.rows).length === 0 && faults.other === null;

/** Everything that can be seen without asking, all at once: the server names only the first. */
export function ownFaults(question: Question): Faults {
  const faults: Faults = { fields: {}, rows: {}, other: null };
  if (question.node === '') faults.fields.node = 'missing';
  if (question.date === '') faults.fields.from = 'missing';
  for (const row of question.suspensions) {
    if (row.from === '' || (!row.open && row.until === '')) faults.rows[row.id] = 'interval-invalid';
    // Dates as the browser writes them are in the order of their texts.
    else if (!row.open && row.until < row.from) faults.rows[row.id] = 'interval-reversed';
  }
  return faults;
}

export function refusedFaults(error: unknown): Faults {
  const faults: Faults = { fields: {}, rows: {}, other: null };
  if (error instanceof Refused && error.code === 'field-invalid') {
    for (const { pointer, code } of error.errors) {
      const name = pointer.split('/')[1];
      const field = FIELDS.find((known) => known === name);
      if (field) faults.fields[field] ??= code;
    }
  }
  if (Object.keys(faults.fields).length === 0) faults.other = error;
  return faults;
}
