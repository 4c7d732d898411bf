// Which officer or incident is under the pointer. On the CPU: the custom layer draws points that the
// map library does not know. A plain scan of 10,000 offsets takes well under a millisecond.

import type { Fleet } from '../fleet/fleet';

const NEAR_PX = 14;

/** Where those are who are on duty: what the first view of the map should contain. */
export function onDutyPlaces(fleet: Fleet): { lat: number; lon: number }[] {
  const places = [];
  for (let slot = 0; slot < fleet.count; slot++) {
    if (!fleet.placed[slot] || fleet.status[slot] === 0) continue;
    places.push({ lat: fleet.lat[slot] ?? 0, lon: fleet.lon[slot] ?? 0 });
  }
  return places;
}

/** Slots of the nearest officers on duty: what a view of an incident should contain. */
export function nearestSlots(fleet: Fleet, place: { x: number; y: number }, most: number): number[] {
  const x = place.x - fleet.origin.x;
  const y = place.y - fleet.origin.y;
  const found: { slot: number; square: number }[] = [];
  for (let slot = 0; slot < fleet.count; slot++) {
    if (!fleet.placed[slot] || fleet.status[slot] === 0) continue;
    const square = ((fleet.to[2 * slot] ?? 0) - x) ** 2 + ((fleet.to[2 * slot + 1] ?? 0) - y) ** 2;
    if (found.length === most && square >= (found[most - 1]?.square ?? 0)) continue;
    found.push({ slot, square });
    found.sort((a, b) => a.square - b.square);
    if (found.length > most) found.pop();
  }
  return found.map(({ slot }) => slot);
}

/** Slot of the nearest drawn officer, or null. `worldPx` is the width of the whole world in pixels. */
export function officerAt(
  fleet: Fleet,
  pointer: { x: number; y: number },
  worldPx: number,
  time: number,
): number | null {
  const x = pointer.x - fleet.origin.x;
  const y = pointer.y - fleet.origin.y;
  const t = fleet.glide(time);
  const reach = NEAR_PX / worldPx;
  let best: number | null = null;
  let bestSquare = reach * reach;
  for (let slot = 0; slot < fleet.count; slot++) {
    // Off duty, or nowhere: not drawn, so not there to be hit.
    if (!fleet.placed[slot] || fleet.status[slot] === 0) continue;
    const fromX = fleet.from[2 * slot] ?? 0;
    const fromY = fleet.from[2 * slot + 1] ?? 0;
    const dx = fromX + ((fleet.to[2 * slot] ?? 0) - fromX) * t - x;
    const dy = fromY + ((fleet.to[2 * slot + 1] ?? 0) - fromY) * t - y;
    const square = dx * dx + dy * dy;
    if (square < bestSquare) {
      best = slot;
      bestSquare = square;
    }
  }
  return best;
}
