import { describe, expect, it } from 'vitest';
import { readTick } from '../console/fleet/tick-records';
import { boxAround } from '../console/map/geometry';
import { Told } from '../console/state/told';

function bytes(hex: string): ArrayBuffer {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)).buffer;
}

// The very bytes of the server's own test.
const HEAD = '01020000000000000500000000000000a086010000000000';
const SOMEWHERE = '0300000003000000103ffb14f049a6bb24faffff5300033c';
const NOWHERE = '0400000000000000000000800000008000000000ffffffff';

describe('a tick in binary', () => {
  it('is read as the server wrote it', () => {
    expect(readTick(bytes(HEAD + SOMEWHERE + NOWHERE))).toEqual({
      no: 5,
      now: 100_000,
      moved: [
        [3, 35.201, -114.673, 3, 90, 98_500, 8.3],
        [4, null, null, 0, null, null, null],
      ],
    });
  });

  it('is nothing when it is torn or of another kind', () => {
    for (const bad of ['', HEAD.slice(2), HEAD + SOMEWHERE.slice(2), HEAD.replace('0102', '0101'), HEAD.replace('0102', '0202')]) {
      expect(readTick(bytes(bad))).toBeNull();
    }
  });
});

describe('up to where the console was told', () => {
  it('goes on behind the last number, and from nowhere at first', () => {
    const told = new Told();
    expect(told.after()).toBeUndefined();
    told.take({ type: 'welcome', run: 7, no: 3 });
    told.take({ type: 'incident', no: 4 });
    told.note(6);
    told.take({ type: 'done', ref: 'x' });
    expect(told.after()).toEqual({ run: 7, no: 6 });
  });

  it('counts what comes while catching up only when all of it has come', () => {
    const told = new Told();
    told.take({ type: 'welcome', run: 7, no: 3 });
    expect(told.after()).toEqual({ run: 7, no: 3 });
    expect(told.take({ type: 'event', no: 5 })).toBe(true);
    told.note(9);
    // It broke again: all of it comes again, and the feed does not show its line twice.
    expect(told.after()).toEqual({ run: 7, no: 3 });
    expect(told.take({ type: 'event', no: 5 })).toBe(false);
    expect(told.take({ type: 'incident', no: 6 })).toBe(true);
    told.take({ type: 'resumed', run: 7, no: 9 });
    expect(told.after()).toEqual({ run: 7, no: 9 });
  });

  it('begins anew with another life of the server', () => {
    const told = new Told();
    told.take({ type: 'welcome', run: 7, no: 300 });
    told.after();
    told.take({ type: 'welcome', run: 8, no: 2 });
    expect(told.take({ type: 'event', no: 3 })).toBe(true);
    expect(told.after()).toEqual({ run: 8, no: 3 });
    told.forget();
    expect(told.after()).toBeUndefined();
  });
});

describe('the box a map looks at', () => {
  it('has a margin and stays on the globe', () => {
    const [west, south, east, north] = boxAround(114, 35, 115, 36);
    expect([west, south, east, north].map((x) => Math.round(x * 100) / 100)).toEqual([113.85, 34.85, 115.15, 36.15]);
    expect(boxAround(-400, -100, 400, 100)).toEqual([-180, -90, 180, 90]);
    const across = boxAround(170, 0, 190, 10);
    expect(across[0]).toBeCloseTo(167);
    expect(across[2]).toBeCloseTo(-167);
  });
});
