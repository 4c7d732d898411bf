import { describe, expect, it } from 'vitest';
import { backoffMs } from '../shared/backoff';
import { ServerClock } from '../shared/clock';
import { ageIn, clockTime, distance, duration, secondsLeft } from '../shared/format';
import { metresBetween, moved } from '../shared/geo';
import { fill } from '../shared/i18n.svelte';

describe('backoff', () => {
  it('grows, stays under its cap, and never comes back at once', () => {
    expect(backoffMs(0, () => 0)).toBe(200);
    expect(backoffMs(0, () => 1)).toBe(500);
    expect(backoffMs(3, () => 1)).toBe(4000);
    expect(backoffMs(1000, () => 1)).toBe(15_000);
  });

  it('spreads clients over the whole wait', () => {
    expect(backoffMs(4, () => 0.5)).toBeGreaterThan(backoffMs(4, () => 0.1));
  });
});

describe('server clock', () => {
  it('takes the welcome as a first guess and the fastest pong as the truth', () => {
    let local = 1000;
    const clock = new ServerClock(() => local);
    expect(clock.now()).toBe(1000);
    clock.guess(51_000);
    expect(clock.now()).toBe(51_000);
    clock.sample(1000, 51_100, 1100);
    expect(clock.now()).toBe(1000 + 50_050);
    clock.sample(2000, 99_000, 8000);
    local = 9000;
    expect(clock.now()).toBe(9000 + 50_050);
  });
});

describe('format', () => {
  it('writes waits as clocks', () => {
    expect(duration(42_000)).toBe('00:42');
    expect(duration(725_999)).toBe('12:05');
    expect(duration(3_725_000)).toBe('1:02:05');
    expect(duration(-5)).toBe('00:00');
  });

  it('counts a started second', () => {
    expect(secondsLeft(10_001, 9000)).toBe(2);
    expect(secondsLeft(9000, 9001)).toBe(0);
  });

  it('writes distances as people say them', () => {
    expect(distance(84.6)).toBe('85 m');
    expect(distance(2140)).toBe('2.1 km');
    expect(distance(14_400)).toBe('14 km');
    expect(distance(null)).toBe('–');
  });

  it('writes ages', () => {
    expect(ageIn(3400, ['s', 'min', 'h'])).toBe('3 s');
    expect(ageIn(240_000, ['s', 'min', 'h'])).toBe('4 min');
    expect(ageIn(7_200_000, ['s', 'min', 'h'])).toBe('2 h');
    expect(ageIn(null, ['s', 'min', 'h'])).toBe('–');
    expect(clockTime(new Date(2026, 10, 23, 4, 5, 6).getTime())).toBe('04:05:06');
  });
});

describe('geo', () => {
  it('moves as far as it measures', () => {
    const start = { lat: 35.2, lon: 114.67 };
    for (const bearing of [0, 90, 180, 270, 33]) {
      expect(metresBetween(start, moved(start, bearing, 1000))).toBeCloseTo(1000, 0);
    }
    expect(moved(start, 0, 1000).lat).toBeGreaterThan(start.lat);
    expect(moved(start, 90, 1000).lon).toBeGreaterThan(start.lon);
  });
});

describe('texts', () => {
  it('fills what it knows and shows what it does not', () => {
    expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}');
    expect(fill('plain')).toBe('plain');
  });
});
