// Both languages say the same: each text has both, with the same places to fill in.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = `${import.meta.dirname}/..`;
const FILES = [
  'shared/words.ts',
  'console/words.ts',
  'console/state/history.ts',
  'handheld/words.ts',
  'handheld/field/words.ts',
  'desk/words.ts',
  'desk/calculator/words.ts',
  'check/words.ts',
  'portal/words.ts',
];
const PAIR = /\[\s*'((?:[^'\\]|\\.)*)',\s*'((?:[^'\\]|\\.)*)',?\s*\]/g;

const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();

describe.each(FILES)('%s', (file) => {
  const pairs = [...readFileSync(`${root}/${file}`, 'utf8').matchAll(PAIR)];

  it('has both languages for every text', () => {
    expect(pairs.length).toBeGreaterThan(10);
    for (const [, zh, en] of pairs) {
      expect(zh).not.toBe('');
      expect(en).not.toBe('');
      expect(zh, 'Chinese stands first').toMatch(/[\u4e00-\u9fff±]/);
      expect(en, 'English stands second').not.toMatch(/[\u4e00-\u9fff]/);
    }
  });

  it('fills the same places in both', () => {
    for (const [, zh, en] of pairs) expect(holes(zh ?? ''), zh).toEqual(holes(en ?? ''));
  });
});
