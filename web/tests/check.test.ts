// The page that checks receipts, by what a server has handed out (tests/golden/proof.json).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashOfFile, hexOf, sha256, text } from '../check/proof/bytes';
import { type Against, check, papersOf, recordHash } from '../check/proof/receipt';
import { Refused } from '../check/proof/refused';
import { looksLikeRoots } from '../check/proof/roots';
import type { Consistency, Receipt, RootShape } from '../check/proof/shapes';
import { sm3 } from '../check/proof/sm3';

interface Golden {
  receipt: Receipt;
  receipt_sm3: Receipt;
  later: Receipt;
  promise: Receipt;
  roots: RootShape[];
  roots_sm3: RootShape[];
  qr: string;
  consistency: Consistency;
}

const golden = JSON.parse(readFileSync(`${import.meta.dirname}/../../tests/golden/proof.json`, 'utf8')) as Golden;
const lines = (roots: readonly RootShape[]): string => roots.map((root) => JSON.stringify(root)).join('\n');
const bytes = (value: unknown): Uint8Array => text(JSON.stringify(value));
const copy = <T>(value: T): T => structuredClone(value);

/** Why it is refused; what was shown when it is not. */
function verdict(value: unknown, against: Against = {}): string {
  try {
    return check(value instanceof Uint8Array ? value : bytes(value), against)
      .steps.map((step) => step.what)
      .join(' ');
  } catch (error) {
    if (error instanceof Refused) return `refused: ${error.why}`;
    throw error;
  }
}

describe('hashes', () => {
  it('has SM3 as the standard has it', () => {
    // GB/T 32905-2016, appendix A.
    expect(hexOf(sm3(text('abc')))).toBe('66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
    expect(hexOf(sm3(text('abcd'.repeat(16))))).toBe('debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732');
  });

  it('hashes a file piece by piece', async () => {
    const content = new Uint8Array(300_000).fill(7);
    expect(await hashOfFile(new Blob([content]))).toBe(hexOf(sha256(content)));
  });

  it('hashes a record as the journal does', () => {
    for (const receipt of [golden.receipt, golden.receipt_sm3, golden.later, golden.promise]) {
      expect(recordHash(receipt.record)).toBe(receipt.hash);
    }
  });
});

describe('receipts', () => {
  const key = golden.receipt.public_key;

  it('shows what is good', () => {
    expect(verdict(golden.receipt)).toBe('record underRoot');
    expect(verdict(golden.receipt, { key, roots: lines(golden.roots) })).toBe('record underRoot kept key');
    expect(verdict(golden.later, { key, roots: lines(golden.roots) })).toBe('record underRoot kept key');
    expect(verdict(golden.receipt_sm3, { roots: lines(golden.roots_sm3) })).toBe('record underRoot kept');
    expect(verdict(golden.promise, { key })).toBe('record promised key');
    expect(verdict(golden.receipt, { roots: golden.qr })).toBe('record underRoot kept');
  });

  it.each(['receipt', 'receipt_sm3', 'later', 'promise', 'consistency'] as const)('sees every change of %s', (name) => {
    const good = bytes(golden[name]);
    const unseen: number[] = [];
    for (let at = 0; at < good.length; at += 1) {
      const bad = Uint8Array.from(good);
      bad[at] = (bad[at] ?? 0) ^ ([0x01, 0x02, 0x04, 0x10, 0x40, 0xff][at % 6] ?? 1);
      if (!verdict(bad).startsWith('refused')) unseen.push(at);
    }
    expect(unseen).toEqual([]);
  }, 60_000);

  it('says why it shows nothing', () => {
    const changed = (change: (receipt: Receipt) => void, against: Against = {}): string => {
      const bad = copy(golden.later);
      change(bad);
      return verdict(bad, against);
    };
    expect(verdict('{}')).toBe('refused: unreadable');
    expect(changed((bad) => (bad.record.seq += 1))).toBe('refused: recordChanged');
    expect(changed((bad) => (bad.record.hash_alg = 'md5'))).toBe('refused: hashUnknown');
    expect(changed((bad) => (bad.inclusion = null))).toBe('refused: incomplete');
    expect(changed((bad) => (bad.promise = copy(golden.promise.promise)))).toBe('refused: incomplete');
    expect(changed((bad) => bad.root && (bad.root.size += 1))).toBe('refused: rootSignature');
    expect(changed((bad) => (bad.root = copy(golden.roots[0] ?? null)))).toBe('refused: rootElsewhere');
    expect(changed((bad) => bad.inclusion && (bad.inclusion.size += 1))).toBe('refused: otherSize');
    expect(changed((bad) => bad.inclusion && (bad.inclusion.index = 0))).toBe('refused: otherRoot');
    expect(changed(() => undefined, { key: golden.receipt_sm3.public_key })).toBe('refused: otherKey');
    expect(changed(() => undefined, { roots: lines(golden.roots.slice(0, 2)) })).toBe('refused: notKept');
    expect(changed(() => undefined, { roots: lines(golden.roots_sm3) })).toBe('refused: keptSignature');
    expect(changed(() => undefined, { roots: '{}' })).toBe('refused: keptUnreadable');
    expect(changed(() => undefined, { file: '00'.repeat(32) })).toBe('refused: noFile');
    const promise = copy(golden.promise);
    if (promise.promise) promise.promise.due_ms += 1;
    expect(verdict(promise)).toBe('refused: promiseSignature');
  });

  it('knows a gap in roots from a break', () => {
    const [, second, third] = golden.roots;
    expect(verdict(golden.later, { roots: lines([third, third].flatMap((root) => root ?? [])) })).toBe('record underRoot kept');
    expect(second?.number).toBe(2);
    expect(looksLikeRoots(golden.qr) && looksLikeRoots(lines(golden.roots)) && !looksLikeRoots('{}')).toBe(true);
  });

  it('finds the papers that a body names', () => {
    const record = { ...golden.receipt.record, body: '{"a":[{"sha256":"00"},{"b":{"sha256":"11"}}],"c":"sha256"}' };
    expect(papersOf(record)).toEqual(['00', '11']);
    expect(papersOf({ ...record, body: 'no JSON' })).toEqual([]);
  });
});

describe('consistency', () => {
  it('is held against the root that was kept', () => {
    expect(verdict(golden.consistency, { roots: lines(golden.roots.slice(0, 1)) })).toBe('goesOn kept');
    expect(verdict(golden.consistency, { roots: lines(golden.roots.slice(1)) })).toBe('refused: notKept');
    const bad = copy(golden.consistency);
    [bad.first, bad.second] = [bad.second, bad.first];
    expect(verdict(bad)).toBe('refused: broken');
  });
});
