// Places on a sphere. Good enough for what a page shows; what is decided by distance is decided by
// the server, on the ellipsoid.

import type { Area } from './protocol/shapes';

const EARTH_RADIUS_M = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

export interface LatLon {
  lat: number;
  lon: number;
}

export function metresBetween(a: LatLon, b: LatLon): number {
  const dLat = radians(b.lat - a.lat);
  const dLon = radians(b.lon - a.lon);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The place so many metres away in this direction (0 north, 90 east). */
export function moved(from: LatLon, bearingDeg: number, metres: number): LatLon {
  const dLat = (metres * Math.cos(radians(bearingDeg))) / EARTH_RADIUS_M;
  const dLon = (metres * Math.sin(radians(bearingDeg))) / (EARTH_RADIUS_M * Math.cos(radians(from.lat)));
  return { lat: from.lat + (dLat * 180) / Math.PI, lon: from.lon + (dLon * 180) / Math.PI };
}

/** Inside the box of degrees, or at most so far outside. */
export function isNear(at: LatLon, [west, south, east, north]: Area, metres: number): boolean {
  const lat = Math.min(north, Math.max(south, at.lat));
  const lon = Math.min(east, Math.max(west, at.lon));
  return metresBetween(at, { lat, lon }) <= metres;
}

export function isPlace(lat: number, lon: number): boolean {
  return Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}
