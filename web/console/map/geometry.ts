// What the map shows of the court itself: its area, a net of degrees, the court house. There are no
// tiles, so this is what gives a dispatcher the sense of where and how far.

import type { Feature, FeatureCollection, Polygon, Position } from 'geojson';
import { distance } from '../../shared/format';
import { moved } from '../../shared/geo';
import type { Area } from '../../shared/protocol/shapes';

const CIRCLE_POINTS = 64;
/** Steps of the net, degrees. The coarsest that still gives four lines across the view is taken. */
const STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const LEAST_LINES = 4;
const LEAST_VIEW_DEG = 0.03;
/** Around a selected incident: how far is walking, how far is driving. */
const RINGS_M = [1000, 3000, 5000, 10_000];

/** The area these places lie in, never smaller than a few streets. */
export function boundsOf(places: readonly { lat: number; lon: number }[]): Area {
  let [west, south, east, north] = [180, 90, -180, -90];
  for (const { lat, lon } of places) {
    [west, east] = [Math.min(west, lon), Math.max(east, lon)];
    [south, north] = [Math.min(south, lat), Math.max(north, lat)];
  }
  const more = (least: number, span: number): number => Math.max(0, least - span) / 2;
  const [x, y] = [more(LEAST_VIEW_DEG, east - west), more(LEAST_VIEW_DEG, north - south)];
  return [west - x, south - y, east + x, north + y];
}

export function areaRing([west, south, east, north]: Area): Position[] {
  return [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
}

export function areaFeature(area: Area): Feature {
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [areaRing(area)] } };
}

export function circleFeature(centre: { lat: number; lon: number }, radiusM: number): Feature {
  const ring: Position[] = [];
  for (let i = 0; i <= CIRCLE_POINTS; i++) {
    const { lat, lon } = moved(centre, (360 * i) / CIRCLE_POINTS, radiusM);
    ring.push([lon, lat]);
  }
  return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } };
}

export function graticuleStep([west, south, east, north]: Area): number {
  const span = Math.min(east - west, north - south);
  return STEPS.find((step) => span / step >= LEAST_LINES) ?? 0.001;
}

/** Lines in and around the view. */
export function graticule(view: Area): FeatureCollection {
  const step = graticuleStep(view);
  const [west, south, east, north] = view;
  const round = (value: number): number => Number(value.toFixed(6));
  const from = (value: number): number => round((Math.floor(value / step) - 1) * step);
  const to = (value: number): number => round((Math.ceil(value / step) + 1) * step);
  const digits = step >= 1 ? 0 : Math.ceil(-Math.log10(step) - 1e-9);
  const features: Feature[] = [];
  for (let lon = from(west); lon <= to(east); lon = round(lon + step)) {
    features.push(line([[lon, from(south)], [lon, to(north)]], degrees(lon, digits, 'E', 'W')));
  }
  for (let lat = from(south); lat <= to(north); lat = round(lat + step)) {
    features.push(line([[from(west), lat], [to(east), lat]], degrees(lat, digits, 'N', 'S')));
  }
  return { type: 'FeatureCollection', features };
}

export function rings(centre: { lat: number; lon: number }): FeatureCollection {
  const features = RINGS_M.map((radius): Feature => {
    const ring = circleFeature(centre, radius).geometry as Polygon;
    return line(ring.coordinates[0] ?? [], distance(radius));
  });
  return { type: 'FeatureCollection', features };
}

function line(coordinates: Position[], label: string): Feature {
  return { type: 'Feature', properties: { label }, geometry: { type: 'LineString', coordinates } };
}

export function degrees(value: number, digits: number, positive: string, negative: string): string {
  return `${Math.abs(value).toFixed(digits)}°${value < 0 ? negative : positive}`;
}

/** West, south, east, north. */
export type Box = [number, number, number, number];

const MARGIN = 0.15;

/** What is seen with a margin, as the server takes it: on the globe, west of east or across ±180°. */
export function boxAround(west: number, south: number, east: number, north: number): Box {
  const dLon = (east - west) * MARGIN;
  const dLat = (north - south) * MARGIN;
  const low = Math.max(-90, south - dLat);
  const high = Math.min(90, north + dLat);
  if (east - west + 2 * dLon >= 360) return [-180, low, 180, high];
  return [wrapped(west - dLon), low, wrapped(east + dLon), high];
}

function wrapped(lon: number): number {
  return lon < -180 || lon > 180 ? ((((lon + 180) % 360) + 360) % 360) - 180 : lon;
}
