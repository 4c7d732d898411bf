import { describe, expect, it } from 'vitest';
import { metresBetween } from '../shared/geo';
import { FixCounter } from '../handheld/state/counter';
import { demoPlace } from '../handheld/state/demo-place';
import { FRAME_FIXES, FixBuffer, MOST_FIXES, STORED_WITHIN_MS, WINDOW_FIXES } from '../handheld/state/fix-buffer';
import type { FixStore, HeldFix } from '../handheld/state/fix-store';
import { mapLink } from '../handheld/state/map-link';
import { Walk } from '../handheld/state/walk';

function memory(start: Record<string, string> = {}) {
  const kept = new Map(Object.entries(start));
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    clear: () => kept.clear(),
  };
}

describe('fix counter', () => {
  it('goes on after a reload, in the same epoch', () => {
    const store = memory();
    const first = new FixCounter(store, () => 1_700_000_000_000);
    expect(first.next()).toEqual({ epoch: 1_700_000_000, seq: 1 });
    const second = new FixCounter(store, () => 1_700_000_900_000);
    expect(second.next()).toEqual({ epoch: 1_700_000_000, seq: 2 });
  });

  it('starts a greater epoch when its storage was wiped or spoilt', () => {
    const store = memory();
    const first = new FixCounter(store, () => 1_700_000_000_000);
    store.clear();
    const second = new FixCounter(store, () => 1_700_000_900_000);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    const spoilt = new FixCounter(memory({ 'tiande.counter': 'NaN.x' }), () => 1_700_000_900_000);
    expect(spoilt.next().seq).toBe(1);
  });

  it('starts a greater epoch when the sequence is used up', () => {
    const store = memory({ 'tiande.counter': '1700000000.4294967295' });
    const counter = new FixCounter(store, () => 1_600_000_000_000);
    expect(counter.next()).toEqual({ epoch: 1_700_000_001, seq: 1 });
  });

  it('never gives two tabs of one device the same number', () => {
    const store = memory();
    const one = new FixCounter(store, () => 1_700_000_000_000);
    const two = new FixCounter(store, () => 1_700_000_000_000);
    const seqs = [one.next().seq, two.next().seq, one.next().seq, two.next().seq];
    expect(new Set(seqs).size).toBe(4);
  });
});

describe('fix buffer', () => {
  const fix = (seq: number) => ({ seq, taken_at: seq, lat: 35, lon: 114, accuracy_m: 5 });

  function filled(count: number, store: FixStore | null = null): FixBuffer {
    const buffer = new FixBuffer(store);
    for (let seq = 1; seq <= count; seq++) buffer.add(1, fix(seq));
    return buffer;
  }

  /** A server that stores everything at once, or forgets a frame now and then. */
  function drain(buffer: FixBuffer, everyNth = 0): number[] {
    const seen: number[] = [];
    for (let turn = 1; turn < 10_000; turn++) {
      const taken = buffer.takeUnsent(1, turn);
      const last = taken[taken.length - 1];
      if (!last) return seen;
      if (everyNth > 0 && turn % everyNth === 0) {
        buffer.resend();
        continue;
      }
      seen.push(...taken.map(({ seq }) => seq));
      buffer.looked(1, last.seq);
      buffer.stored({ epoch: 1, seq: last.seq }, turn);
    }
    throw new Error('it never ends');
  }

  it('sends each fix once on a link, and again on the next, until it is stored', () => {
    const buffer = filled(1);
    expect(buffer.takeUnsent(1, 0)).toHaveLength(1);
    expect(buffer.takeUnsent(1, 0)).toHaveLength(0);
    buffer.looked(1, 1);
    buffer.resend();
    expect(buffer.takeUnsent(1, 0), 'that the server has seen it is not enough').toHaveLength(1);
    buffer.stored({ epoch: 1, seq: 1 }, 0);
    buffer.resend();
    expect(buffer.takeUnsent(1, 0)).toHaveLength(0);
    expect(buffer.size).toBe(0);
  });

  it('hands in eight hours in order and once, also when links break', () => {
    const hours = Array.from({ length: 28_800 }, (_, at) => at + 1);
    expect(drain(filled(28_800))).toEqual(hours);
    expect(drain(filled(28_800), 7)).toEqual(hours);
  });

  it('has only so many under way that the server has not looked at', () => {
    const buffer = filled(2_000);
    let sent = 0;
    for (let frame = 0; frame < 20; frame++) sent += buffer.takeUnsent(1, 0).length;
    expect(sent).toBe(WINDOW_FIXES);
    buffer.looked(1, 2_000); // Of the one that went ahead.
    expect(buffer.takeUnsent(1, 0)).toHaveLength(0);
    buffer.looked(1, 100);
    expect(buffer.takeUnsent(1, 0)).toHaveLength(FRAME_FIXES);
  });

  it('sends again what is not stored in time: the server may have had no room', () => {
    const buffer = filled(3);
    buffer.takeUnsent(1, 0);
    buffer.looked(1, 3);
    expect(buffer.takeUnsent(1, STORED_WITHIN_MS)).toHaveLength(0);
    expect(buffer.takeUnsent(1, STORED_WITHIN_MS + 1).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('keeps so many and no more, the newest', () => {
    const buffer = filled(MOST_FIXES + 20);
    expect(buffer.size).toBe(MOST_FIXES);
    expect(buffer.takeUnsent(1, 0)[0]?.seq).toBe(21);
  });

  it('forgets fixes of an older epoch', () => {
    const buffer = new FixBuffer();
    buffer.add(1, fix(9));
    buffer.add(2, fix(1));
    expect(buffer.takeUnsent(2, 0).map(({ seq }) => seq)).toEqual([1]);
  });

  it('goes on after a reload with what was kept, in front of what is new', () => {
    const kept = new Map<number, HeldFix>();
    const store: FixStore = {
      add: (held) => void kept.set(held.fix.seq, held),
      drop: (mark) => [...kept.keys()].filter((seq) => seq <= mark.seq).forEach((seq) => kept.delete(seq)),
    };
    const before = filled(5, store);
    before.takeUnsent(1, 0);
    before.stored({ epoch: 1, seq: 2 }, 0);
    const after = new FixBuffer(store);
    after.add(1, fix(6));
    after.takeUnsent(1, 0);
    after.restore([...kept.values()]);
    expect(after.takeUnsent(1, 0).map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
    after.stored({ epoch: 1, seq: 6 }, 0);
    expect(kept.size).toBe(0);
  });
});

describe('demo walk', () => {
  it('stays near its start, at walking speed', () => {
    const start = { lat: 35.2, lon: 114.67 };
    let seed = 7;
    const walk = new Walk(start, () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647);
    let before = { ...start };
    for (let i = 0; i < 2000; i++) {
      const at = walk.step(5);
      expect(metresBetween(before, at)).toBeLessThan(8);
      expect(metresBetween(start, at)).toBeLessThan(270);
      expect(at.heading_deg).toBeGreaterThanOrEqual(0);
      expect(at.heading_deg).toBeLessThan(360);
      before = at;
    }
  });
});

describe('map link', () => {
  it('opens what the phone has', () => {
    const place = { lat: 35.1997, lon: 114.6689 };
    expect(mapLink(place, 'Mozilla/5.0 (Linux; Android 15)')).toBe('geo:35.199700,114.668900?q=35.199700,114.668900');
    expect(mapLink(place, 'Mozilla/5.0 (iPhone)')).toBe('maps:?daddr=35.199700,114.668900');
  });
});

describe('the place for a demonstration', () => {
  const house = { lat: 35.201, lon: 114.673, radius_m: 150 };
  const court = { id: 'c', name: 'C', area: [114.4, 34.97, 114.99, 35.4] as [number, number, number, number], court_house: house };

  it('is offered only on this machine, and only to somebody without a sensible place', () => {
    const beijing = { lat: 39.9, lon: 116.4 };
    expect(demoPlace('tiande.example', court, null)).toBeNull();
    expect(demoPlace('127.0.0.1', court, { lat: 35.3, lon: 114.5 })).toBeNull();
    for (const last of [null, beijing]) {
      const place = demoPlace('127.0.0.1', court, last);
      expect(place && metresBetween(place, house)).toBeCloseTo(400, 0);
    }
  });
});
