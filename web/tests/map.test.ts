import { describe, expect, it } from 'vitest';
import { Fleet, GLIDE_MS } from '../console/fleet/fleet';
import { freshness } from '../console/fleet/freshness';
import { boundsOf, circleFeature, degrees, graticule, graticuleStep } from '../console/map/geometry';
import { nearestSlots, officerAt, onDutyPlaces } from '../console/map/hit-test';
import { mercatorX, mercatorY } from '../console/map/mercator';
import { metresBetween } from '../shared/geo';
import type { Area, OfficerStatus, RosterEntry } from '../shared/protocol/shapes';

const CENTRE = { lat: 35.2, lon: 114.67 };
const WORLD_PX = 512 * 2 ** 14;

function officer(n: number, lat: number, lon: number, status: OfficerStatus = 'available'): RosterEntry {
  const fix = { lat, lon, accuracy_m: 8, taken_at: 1000 };
  return { n, id: `o${n}`, name: `O${n}`, badge: null, skills: [], status, incident: null, fix };
}

function at(lat: number, lon: number) {
  return { x: mercatorX(lon), y: mercatorY(lat) };
}

describe('fleet', () => {
  it('glides from where a dot is seen to its newest place', () => {
    const fleet = new Fleet();
    fleet.reset([officer(7, 35.2, 114.67)], CENTRE);
    fleet.tick([[7, 35.2, 114.68, 1, 90, 2000, 8]], 10_000);
    expect(fleet.glide(10_000 + GLIDE_MS / 2)).toBe(0.5);
    expect(fleet.from[0]).toBeCloseTo(0, 9);
    fleet.tick([[7, 35.2, 114.69, 3, null, 3000, 8]], 10_000 + GLIDE_MS / 2);
    expect(fleet.from[0]).toBeCloseTo((mercatorX(114.68) - mercatorX(114.67)) / 2, 7);
    expect(fleet.entries[0]?.status).toBe('committed');
    expect(Number.isNaN(fleet.heading[0])).toBe(true);
  });

  it('keeps a newer tick when an older roster entry comes after it', () => {
    const fleet = new Fleet();
    fleet.reset([officer(1, 35.2, 114.67)], CENTRE);
    fleet.tick([[1, 35.3, 114.7, 1, 0, 5000, 8]], 0);
    fleet.upsert(officer(1, 35.2, 114.67, 'offered'));
    expect(fleet.lat[0]).toBe(35.3);
    expect(fleet.status[0]).toBe(2);
  });

  it('grows, counts, and forgets everything at a reset', () => {
    const fleet = new Fleet();
    fleet.reset(
      Array.from({ length: 1000 }, (_, i) => officer(i, 35.2, 114.67, i % 2 ? 'available' : 'off_duty')),
      CENTRE,
    );
    expect(fleet.countOf('available')).toBe(500);
    expect(fleet.countOf('available', 'off_duty')).toBe(1000);
    expect(onDutyPlaces(fleet)).toHaveLength(500);
    fleet.reset([], CENTRE);
    expect(fleet.count).toBe(0);
    expect(fleet.byId('o1')).toBeUndefined();
  });

  it('ignores ticks of officers it does not know', () => {
    const fleet = new Fleet();
    fleet.reset([], CENTRE);
    expect(() => fleet.tick([[99, 35, 114, 1, null, 0, 5]], 0)).not.toThrow();
  });
});

describe('hit test', () => {
  it('finds the nearest dot within reach, and nobody off duty', () => {
    const fleet = new Fleet();
    fleet.reset([officer(1, 35.2, 114.67), officer(2, 35.2001, 114.67), officer(3, 35.21, 114.67, 'off_duty')], CENTRE);
    expect(officerAt(fleet, at(35.20009, 114.67), WORLD_PX, 1e9)).toBe(1);
    expect(officerAt(fleet, at(35.21, 114.67), WORLD_PX, 1e9)).toBeNull();
    expect(officerAt(fleet, at(35.25, 114.67), WORLD_PX, 1e9)).toBeNull();
  });

  it('agrees with a plain sort about who is nearest', () => {
    const fleet = new Fleet();
    const entries = Array.from({ length: 300 }, (_, i) =>
      officer(i, 35 + ((i * 37) % 100) / 300, 114.5 + ((i * 53) % 100) / 300),
    );
    fleet.reset(entries, CENTRE);
    const place = at(35.1, 114.6);
    const far = (slot: number) =>
      Math.hypot((fleet.to[2 * slot] ?? 0) + fleet.origin.x - place.x, (fleet.to[2 * slot + 1] ?? 0) + fleet.origin.y - place.y);
    const sorted = entries.map((_, slot) => far(slot)).sort((a, b) => a - b);
    expect(nearestSlots(fleet, place, 6).map(far)).toEqual(sorted.slice(0, 6));
  });
});

describe('freshness', () => {
  it('is hollow after 30 s and faded after two minutes', () => {
    expect(freshness(30_000)).toBe('fresh');
    expect(freshness(30_001)).toBe('stale');
    expect(freshness(120_001)).toBe('unknown');
  });
});

describe('geometry', () => {
  const area: Area = [114.4, 34.97, 114.99, 35.4];

  it('draws a net that has at least four lines each way', () => {
    expect(graticuleStep(area)).toBe(0.1);
    const labels = graticule(area).features.map((feature) => String(feature.properties?.['label']));
    expect(labels).toContain('35.2°N');
    expect(labels).toContain('114.7°E');
    expect(graticuleStep([114.66, 35.19, 114.68, 35.21])).toBe(0.005);
  });

  it('writes degrees on both sides of zero', () => {
    expect(degrees(-122.5, 1, 'E', 'W')).toBe('122.5°W');
  });

  it('draws circles of the right radius', () => {
    const circle = circleFeature(CENTRE, 150);
    const ring = circle.geometry.type === 'Polygon' ? (circle.geometry.coordinates[0] ?? []) : [];
    for (const [lon, lat] of ring) expect(metresBetween(CENTRE, { lat: lat ?? 0, lon: lon ?? 0 })).toBeCloseTo(150, 0);
  });
});

describe('the first view', () => {
  it('holds everybody, and is never smaller than a few streets', () => {
    const [west, south, east, north] = boundsOf([CENTRE, { lat: 35.3, lon: 114.7 }]);
    expect([west, south, east, north]).toEqual([114.67, 35.2, 114.7, 35.3]);
    const [w, s, e, n] = boundsOf([CENTRE]);
    expect(e - w).toBeCloseTo(0.03);
    expect(n - s).toBeCloseTo(0.03);
    expect((w + e) / 2).toBeCloseTo(CENTRE.lon);
    expect((s + n) / 2).toBeCloseTo(CENTRE.lat);
  });
});
