// A link that opens the phone's own map application; no map service of anybody is named here.

import type { LatLon } from '../../shared/geo';

export function mapLink({ lat, lon }: LatLon, userAgent: string): string {
  const at = `${lat.toFixed(6)},${lon.toFixed(6)}`;
  return /iPhone|iPad|Macintosh/.test(userAgent) ? `maps:?daddr=${at}` : `geo:${at}?q=${at}`;
}
