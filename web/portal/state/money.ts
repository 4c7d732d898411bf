// Money is integer fen on the wire, and yuan for people.

/** 12,345.60 */
export function yuan(fen: number): string {
  const whole = String(Math.floor(fen / 100)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${whole}.${String(fen % 100).padStart(2, '0')}`;
}

/** How much of it, in whole percent, rounded down: 100 means all of it. `null` when nothing was claimed. */
export function percent(part: number, whole: number): number | null {
  return whole > 0 ? Math.min(100, Math.floor((part / whole) * 100)) : null;
}
