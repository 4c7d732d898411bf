import { describe, expect, it } from 'vitest';
import { ACTS } from '../desk/file/acts';
import { bodyOf } from '../desk/file/form';
import { fenOf, momentOf, yuanOf } from '../desk/file/money';
import { assetActs, byDue, closingActs, placeOfNode } from '../desk/file/next';
import type { Asset, Closing } from '../desk/file/parts';
import type { Running } from '../desk/file/protocol';

const asset = (change: Partial<Asset>): Asset => ({
  asset: 1, kind: 'deposit', estimate: null, since: null, waiting: false, frozen: null, stage: 'none', round: null, outcome: null, ...change,
});
const running = (change: Partial<Running>): Running => ({
  node: 'T01', round: 1, due: null, overdue: false, provisional: false, zh: '', en: '', about: null, documents: [], ...change,
});
const closing = (change: Partial<Closing>): Closing => ({
  intended: null, interviewed: false, asked: false, approved: false, closed: null, resumption: null, archived: false, ...change,
});

describe('money', () => {
  it('reads yuan into fen without a fraction', () => {
    expect(['0.29', '12,345.6', '￥1', '10000000000.00', '１'].map(fenOf)).toEqual([29, 1_234_560, 100, 1_000_000_000_000, null]);
    expect(['', '0', '1.234', '-1', '1,2', '10000000000.01', '1e5'].map(fenOf)).toEqual(Array(7).fill(null));
  });
  it('writes fen as yuan', () => expect([5, 1_234_560, -100].map(yuanOf)).toEqual(['0.05', '12,345.60', '-1.00']));
  it('says the court’s zone', () => expect(Date.parse(momentOf('2026-12-01T09:00'))).toBe(Date.UTC(2026, 11, 1, 1)));
});

describe('next acts of an asset', () => {
  it('a deposit is frozen, then taken from', () => {
    expect(assetActs(asset({}))).toEqual(['asset_control', 'asset_give_up']);
    expect(assetActs(asset({ since: 1 }))).toEqual(['asset_transfer', 'asset_renew', 'asset_release', 'asset_give_up']);
  });
  it('what waits behind another court only takes effect, or is let go', () =>
    expect(assetActs(asset({ since: 1, waiting: true }))).toEqual(['asset_take_effect', 'asset_release', 'asset_give_up']));
  it('a house is auctioned three times, and no more', () => {
    const house = { kind: 'immovable', since: 1, stage: 'failed' };
    expect(assetActs(asset({ ...house, round: 2 }))).toContain('asset_publish');
    expect(assetActs(asset({ ...house, round: 3 }))).not.toContain('asset_publish');
    expect(assetActs(asset({ ...house, round: 3 }))).toContain('asset_set_off');
  });
  it('what is sold is not released, what has ended is left alone', () => {
    expect(assetActs(asset({ kind: 'vehicle', since: 1, stage: 'sold', round: 1 }))).not.toContain('asset_release');
    expect(assetActs(asset({ outcome: 'transferred', since: 1 }))).toEqual([]);
    expect(assetActs(asset({ outcome: 'given_up', since: 1 }))).toEqual(['asset_renew', 'asset_release']);
  });
});

describe('nodes and closing', () => {
  it('puts what is due next first and what has no date last', () =>
    expect(byDue([running({ node: 'A' }), running({ node: 'B', due: 9 }), running({ node: 'C', due: 2 })]).map(({ node }) => node)).toEqual(['C', 'B', 'A']));
  it('leads to where the work is', () => {
    expect(placeOfNode(running({ about: { what: 'asset', number: 1 } }))).toBe('assets');
    expect(placeOfNode(running({ documents: ['F01'] }))).toBe('papers');
  });
  it('only who approves is asked to, and only when somebody asked', () => {
    expect(closingActs(closing({}), true, false)).toEqual([]);
    expect(closingActs(closing({ asked: true }), true, false)).toEqual(['closing_approve', 'closing_return']);
    expect(closingActs(closing({ asked: true }), false, true)).not.toContain('closing_approve');
  });
});

describe('forms', () => {
  const find = ACTS['asset_find']?.fields ?? [];
  it('sends fen, and leaves out what was left empty', () =>
    expect(bodyOf('asset_find', find, { kind: 'deposit', how: 'query', estimate: '1,000', 'words.title': ' 存款 ' }, {})).toEqual({
      do: 'asset_find', kind: 'deposit', how: 'query', estimate: 100_000, title: '存款',
    }));
  it('is not sent with an amount that is none, nor without what is needed', () => {
    expect(bodyOf('asset_find', find, { kind: 'deposit', how: 'query', estimate: 'x' }, {})).toBeNull();
    expect(bodyOf('asset_find', find, { kind: 'deposit' }, {})).toBeNull();
  });
});
