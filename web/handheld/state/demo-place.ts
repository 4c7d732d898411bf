// A demonstration runs on one machine, far from the court or without positioning: there one touch puts
// the officer where the demonstration is. A server for real officers is never reached by these names.

import { isNear, type LatLon, moved } from '../../shared/geo';
import type { Court } from '../protocol';

const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];
const FAR_M = 20_000;
/** Away from the court house, so that its fence does not count the officer as inside. */
const BEARING_DEG = 300;
const AWAY_M = 400;

/** Null when the device knows a sensible place itself, or this is no demonstration. */
export function demoPlace(host: string, court: Court | null, last: LatLon | null): LatLon | null {
  if (!court?.court_house || !THIS_MACHINE.includes(host)) return null;
  if (last && isNear(last, court.area, FAR_M)) return null;
  return moved(court.court_house, BEARING_DEG, AWAY_M);
}
