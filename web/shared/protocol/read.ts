// Reads an answer of the server field by field. A list of deadlines must never lack a row because a
// field has another shape than this page expects: then the whole answer is refused, in words.

import { LOCAL, Refused } from '../refused';

export type Fields = Record<string, unknown>;

export function unreadable(what: string): never {
  throw new Refused(LOCAL.unreadable, `the answer cannot be read: ${what}`);
}

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unreadable(what);
  return value as Fields;
}

export function list<T>(of: Fields, key: string, each: (one: unknown) => T): T[] {
  const value = of[key];
  return Array.isArray(value) ? value.map(each) : unreadable(key);
}

export function text(of: Fields, key: string): string {
  const value = of[key];
  return typeof value === 'string' ? value : unreadable(key);
}

export function number(of: Fields, key: string): number {
  const value = of[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : unreadable(key);
}

export function flag(of: Fields, key: string): boolean {
  const value = of[key];
  return typeof value === 'boolean' ? value : unreadable(key);
}

/** A field that may be null or missing. */
export function maybe<T>(of: Fields, key: string, read: (of: Fields, key: string) => T): T | null {
  return of[key] === null || of[key] === undefined ? null : read(of, key);
}

export const asText = (value: unknown): string => (typeof value === 'string' ? value : unreadable('text'));
export const asNumber = (value: unknown): number => (typeof value === 'number' ? value : unreadable('number'));
