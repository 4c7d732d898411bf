// How old a fix may be before the map says so.

export const STALE_MS = 30_000;
export const UNKNOWN_MS = 120_000;

export type Freshness = 'fresh' | 'stale' | 'unknown';

export function freshness(ageMs: number): Freshness {
  if (ageMs > UNKNOWN_MS) return 'unknown';
  return ageMs > STALE_MS ? 'stale' : 'fresh';
}
