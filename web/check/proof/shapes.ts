// What receipts, roots and promises look like. Read strictly: other fields, capital digits of hex are refused, so
// that there is one way to write each thing and every change shows.

import { Refused } from './refused';

export interface RecordShape {
  position: number;
  court: string;
  stream: string;
  seq: number;
  epoch: number;
  kind: string;
  schema_version: number;
  at_ms: number;
  by: string;
  why: string | null;
  hash_alg: string;
  prev_hash: string;
  subject: string | null;
  body: string;
  sealed: string | null;
}
export interface RootShape {
  format: string;
  court: string;
  number: number;
  day: string;
  first: number;
  last: number;
  size: number;
  root: string;
  at_ms: number;
  log_root: string;
  signature: string;
}
export interface InclusionShape {
  index: number;
  size: number;
  path: string[];
}
export interface PromiseShape {
  court: string;
  hash: string;
  at_ms: number;
  due_ms: number;
  signature: string;
}
export interface Receipt {
  format: string;
  record: RecordShape;
  hash: string;
  root: RootShape | null;
  inclusion: InclusionShape | null;
  promise: PromiseShape | null;
  public_key: string;
}
export interface Consistency {
  format: string;
  first: RootShape;
  second: RootShape;
  path: string[];
  public_key: string;
}

type Test = (value: unknown) => boolean;
const isText: Test = (v) => typeof v === 'string';
const matches =
  (pattern: RegExp): Test =>
  (v) =>
    typeof v === 'string' && pattern.test(v);
const isNull: Test = (v) => v === null;
const or =
  (...tests: Test[]): Test =>
  (v) =>
    tests.some((test) => test(v));
const isMoment: Test = (v) => Number.isSafeInteger(v);
const isCount: Test = (v) => Number.isSafeInteger(v) && (v as number) >= 0;
const isHash = matches(/^[0-9a-f]{64}$/);
const isSignature = matches(/^[0-9a-f]{128}$/);
const isBytes = matches(/^([0-9a-f]{2})*$/);
const isCourt = matches(/^[a-z0-9-]{1,32}$/);
const isHashes: Test = (v) => Array.isArray(v) && v.every(isHash);
const isDay: Test = (v) => {
  if (typeof v !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(v)) return false;
  const at = new Date(`${v}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(v);
};
const is =
  (word: string): Test =>
  (v) =>
    v === word;

type Fields<T> = { [K in keyof T]: Test };

const RECORD: Fields<RecordShape> = {
  position: isCount,
  court: isText,
  stream: isText,
  seq: isCount,
  epoch: isCount,
  kind: isText,
  schema_version: isCount,
  at_ms: isMoment,
  by: isText,
  why: or(isText, isNull),
  hash_alg: isText,
  prev_hash: isHash,
  subject: or(isBytes, isNull),
  body: isText,
  sealed: or(isBytes, isNull),
};
const ROOT: Fields<RootShape> = {
  format: is('tiande-root-v1'),
  court: isCourt,
  number: isCount,
  day: isDay,
  first: isCount,
  last: isCount,
  size: isCount,
  root: isHash,
  at_ms: isMoment,
  log_root: isHash,
  signature: isSignature,
};
const INCLUSION: Fields<InclusionShape> = { index: isCount, size: isCount, path: isHashes };
const PROMISE: Fields<PromiseShape> = { court: isCourt, hash: isHash, at_ms: isMoment, due_ms: isMoment, signature: isSignature };

/** True for an object of exactly these fields. */
function has<T>(fields: Fields<T>): Test {
  const want = Object.keys(fields).sort();
  return (value) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
    const have = Object.keys(value).sort();
    if (have.length !== want.length || have.some((name, n) => name !== want[n])) return false;
    return want.every((name) => fields[name as keyof T]((value as Record<string, unknown>)[name]));
  };
}

const RECEIPT: Fields<Receipt> = {
  format: is('tiande-receipt-v1'),
  record: has(RECORD),
  hash: isHash,
  root: or(has(ROOT), isNull),
  inclusion: or(has(INCLUSION), isNull),
  promise: or(has(PROMISE), isNull),
  public_key: isHash,
};
const CONSISTENCY: Fields<Consistency> = {
  format: is('tiande-consistency-v1'),
  first: has(ROOT),
  second: has(ROOT),
  path: isHashes,
  public_key: isHash,
};

export const isReceipt = has(RECEIPT);
export const isConsistency = has(CONSISTENCY);
export const isRoot = has(ROOT);
export const isKey = isHash;

/** JSON of bytes that are UTF-8. */
export function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new Refused('unreadable');
  }
}
