import { describe, expect, it } from 'vitest';
import { metresBetween } from '../shared/geo';
import { FixCounter } from '../handheld/state/counter';
import { demoPlace } from '../handheld/state/demo-place';
import { FixBuffer, MOST_FIXES } from '../handheld/state/fix-buffer';
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

  it('sends each fix once on a link, and again on the next', () => {
    const buffer = new FixBuffer();
    buffer.add(1, fix(1));
    expect(buffer.takeUnsent(1)).toHaveLength(1);
    expect(buffer.takeUnsent(1)).toHaveLength(0);
    buffer.resend();
    expect(buffer.takeUnsent(1)).toHaveLength(1);
    buffer.acknowledge(1, 1);
    buffer.resend();
    expect(buffer.takeUnsent(1)).toHaveLength(0);
  });

  it('keeps only as many as fit one frame, the newest', () => {
    const buffer = new FixBuffer();
    for (let seq = 1; seq <= MOST_FIXES + 20; seq++) buffer.add(1, fix(seq));
    const sent = buffer.takeUnsent(1);
    expect(sent).toHaveLength(MOST_FIXES);
    expect(sent[0]?.seq).toBe(21);
  });

  it('forgets fixes of an older epoch', () => {
    const buffer = new FixBuffer();
    buffer.add(1, fix(9));
    buffer.add(2, fix(1));
    expect(buffer.takeUnsent(2).map(({ seq }) => seq)).toEqual([1]);
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
