// From what stands in a form to what is sent.

import type { Field } from './acts';
import { fenOf, momentOf } from './money';

export type Written = Record<string, string | boolean | string[]>;

/** One field as the wire wants it: `undefined` is left out, `null` is not good yet. */
export function wired({ kind, optional }: Field, written: string | boolean | string[] | undefined): unknown {
  if (kind === 'flag') return written === true;
  if (kind === 'channels') return Array.isArray(written) && written.length > 0 ? written : null;
  const plain = typeof written === 'string' ? written.trim() : '';
  if (plain === '') return optional ? undefined : null;
  switch (kind) {
    case 'yuan':
      return fenOf(plain);
    case 'moment':
      return momentOf(plain);
    case 'party':
    case 'paper':
    case 'number':
      return /^\d{1,5}$/.test(plain) ? Number(plain) : null;
    default:
      return plain;
  }
}

/** The body of an act; `null` while a field is missing or no good. */
export function bodyOf(name: string, all: readonly Field[], written: Written, given: Record<string, unknown>): Record<string, unknown> | null {
  const body: Record<string, unknown> = { ...given, do: name };
  for (const field of all) {
    const value = wired(field, written[field.name]);
    if (value === null) return null;
    if (value !== undefined) body[field.name] = value;
  }
  for (const key of ['title', 'text', 'address']) {
    const words = written[`words.${key}`];
    if (typeof words === 'string' && words.trim() !== '') body[key] = words.trim();
  }
  return body;
}
