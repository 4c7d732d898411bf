// How long to wait before the next try. Full jitter: after a restart of the server, thousands of
// clients must not come back in the same instant.

const BASE_MS = 500;
const CAP_MS = 15_000;
const FLOOR_MS = 200;

export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 10));
  return Math.round(FLOOR_MS + random() * (ceiling - FLOOR_MS));
}
