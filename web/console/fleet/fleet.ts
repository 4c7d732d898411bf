// All officers' positions, in typed arrays. Deliberately not reactive: ten thousand positions a
// second would drown a component tree. The map reads the arrays; lists look once a second.

import type { Moved } from '../protocol';
import type { OfficerStatus, RosterEntry } from '../../shared/protocol/shapes';
import { mercatorX, mercatorY } from '../map/mercator';

/** The order is the wire's: `tick` sends a status as its index here. */
export const STATUS_CODES: readonly OfficerStatus[] = [
  'off_duty',
  'available',
  'offered',
  'committed',
  'on_break',
  'out_of_contact',
];

const FIRST_CAPACITY = 256;
/** New positions come once a second; a dot takes that long to reach its new place. */
export const GLIDE_MS = 1000;

export class Fleet {
  count = 0;
  entries: RosterEntry[] = [];
  lat = new Float64Array(FIRST_CAPACITY);
  lon = new Float64Array(FIRST_CAPACITY);
  takenAt = new Float64Array(FIRST_CAPACITY);
  status = new Uint8Array(FIRST_CAPACITY);
  /** NaN when the officer stands still or the device does not know. */
  heading = new Float32Array(FIRST_CAPACITY);
  /** Mercator offsets from `origin`, two numbers an officer: where it glides from, and to. */
  from = new Float32Array(2 * FIRST_CAPACITY);
  to = new Float32Array(2 * FIRST_CAPACITY);
  /** 1 when the officer has a place at all. */
  placed = new Uint8Array(FIRST_CAPACITY);
  /** When the present glide began, in the page's monotonic time. */
  glideStart = 0;
  /** The longest way of the present glide, in mercator units: too short to see means no animation. */
  glideSpan = 0;
  /** Grows with every change; a reader compares it with the last one it saw. */
  revision = 0;
  origin = { x: 0.5, y: 0.5 };
  /** Told at each tick, at once: a glide must begin when it begins, not at the page's next second. */
  onMoved: () => void = () => undefined;

  private slotByN = new Map<number, number>();
  private slotById = new Map<string, number>();

  reset(entries: readonly RosterEntry[], centre: { lat: number; lon: number }): void {
    this.origin = { x: mercatorX(centre.lon), y: mercatorY(centre.lat) };
    this.count = 0;
    this.entries = [];
    this.slotByN = new Map();
    this.slotById = new Map();
    for (const entry of entries) this.upsert(entry);
    this.revision += 1;
  }

  slotOf(id: string): number | undefined {
    return this.slotById.get(id);
  }

  byId(id: string): RosterEntry | undefined {
    const slot = this.slotById.get(id);
    return slot === undefined ? undefined : this.entries[slot];
  }

  upsert(entry: RosterEntry): void {
    let slot = this.slotById.get(entry.id);
    const isNew = slot === undefined;
    if (slot === undefined) {
      slot = this.count++;
      this.grow(this.count);
      this.slotById.set(entry.id, slot);
      this.placed[slot] = 0;
    }
    this.slotByN.set(entry.n, slot);
    this.entries[slot] = entry;
    this.status[slot] = Math.max(0, STATUS_CODES.indexOf(entry.status));
    if (!entry.fix) {
      this.placed[slot] = 0;
    } else if (isNew || entry.fix.taken_at >= (this.takenAt[slot] ?? 0) || !this.placed[slot]) {
      const { lat, lon, taken_at, heading_deg } = entry.fix;
      this.place(slot, lat, lon, taken_at, heading_deg ?? null);
    }
    this.revision += 1;
  }

  /** One tick: everything that moved, in one step, so that all dots glide together. */
  tick(moved: readonly Moved[], time: number): void {
    if (moved.length === 0) return;
    this.settle(time);
    this.glideSpan = 0;
    for (const [n, lat, lon, status, heading, takenAt] of moved) {
      const slot = this.slotByN.get(n);
      if (slot === undefined) continue;
      this.status[slot] = status;
      const entry = this.entries[slot];
      const code = STATUS_CODES[status];
      if (entry && code) entry.status = code;
      if (lat === null || lon === null || takenAt === null) {
        this.placed[slot] = 0;
        continue;
      }
      this.place(slot, lat, lon, takenAt, heading);
      const dx = Math.abs((this.to[2 * slot] ?? 0) - (this.from[2 * slot] ?? 0));
      const dy = Math.abs((this.to[2 * slot + 1] ?? 0) - (this.from[2 * slot + 1] ?? 0));
      this.glideSpan = Math.max(this.glideSpan, dx, dy);
    }
    this.glideStart = time;
    this.revision += 1;
    this.onMoved();
  }

  /** 0 … 1: how far the present glide is. */
  glide(time: number): number {
    return Math.min(1, Math.max(0, (time - this.glideStart) / GLIDE_MS));
  }

  countOf(...codes: OfficerStatus[]): number {
    const wanted = codes.map((code) => STATUS_CODES.indexOf(code));
    let sum = 0;
    for (let slot = 0; slot < this.count; slot++) if (wanted.includes(this.status[slot] ?? 0)) sum += 1;
    return sum;
  }

  /** A new glide starts where the dots are seen now, not where the last one would have ended. */
  private settle(time: number): void {
    const t = this.glide(time);
    for (let i = 0; i < 2 * this.count; i++) {
      const from = this.from[i] ?? 0;
      this.from[i] = from + ((this.to[i] ?? 0) - from) * t;
    }
  }

  private place(slot: number, lat: number, lon: number, takenAt: number, heading: number | null): void {
    const x = mercatorX(lon) - this.origin.x;
    const y = mercatorY(lat) - this.origin.y;
    if (!this.placed[slot]) {
      this.from[2 * slot] = x;
      this.from[2 * slot + 1] = y;
    }
    this.to[2 * slot] = x;
    this.to[2 * slot + 1] = y;
    this.lat[slot] = lat;
    this.lon[slot] = lon;
    this.takenAt[slot] = takenAt;
    this.heading[slot] = heading ?? Number.NaN;
    this.placed[slot] = 1;
  }

  private grow(needed: number): void {
    if (needed <= this.status.length) return;
    const capacity = 2 * this.status.length;
    const copy = <A extends Float64Array | Float32Array | Uint8Array>(old: A, fresh: A): A => {
      fresh.set(old as never);
      return fresh;
    };
    this.lat = copy(this.lat, new Float64Array(capacity));
    this.lon = copy(this.lon, new Float64Array(capacity));
    this.takenAt = copy(this.takenAt, new Float64Array(capacity));
    this.status = copy(this.status, new Uint8Array(capacity));
    this.heading = copy(this.heading, new Float32Array(capacity));
    this.placed = copy(this.placed, new Uint8Array(capacity));
    this.from = copy(this.from, new Float32Array(2 * capacity));
    this.to = copy(this.to, new Float32Array(2 * capacity));
  }
}
