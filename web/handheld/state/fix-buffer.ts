// Fixes the server does not have on its disk yet. They survive hours without network and a reload,
// and go out in order, some at a time; what the server has stored is let go.

import type { Mark, ReportedFix } from '../protocol';
import type { FixStore, HeldFix } from './fix-store';

/** The greatest number of fixes in one frame. */
export const FRAME_FIXES = 100;
/** So many may be under way without the server having looked at them. */
export const WINDOW_FIXES = 4 * FRAME_FIXES;
/** Eight hours at one a second, and a bit more. Beyond, the oldest are let go. */
export const MOST_FIXES = 32_000;
/** What was sent and is not stored after this is sent again: the server may have had no room. */
export const STORED_WITHIN_MS = 20_000;

export class FixBuffer {
  private held: HeldFix[] = [];
  /** The first so many were sent on this link. */
  private sent = 0;
  /** The newest of them that the server has looked at. */
  private seen: Mark | null = null;
  /** When the server last showed that it goes on, or the first of those under way was sent. */
  private progressAt = 0;

  constructor(private readonly store: FixStore | null = null) {}

  get size(): number {
    return this.held.length;
  }

  /** True when older fixes wait in front of the newest one. */
  get behind(): boolean {
    return this.held.length - this.sent > FRAME_FIXES;
  }

  get newest(): HeldFix | undefined {
    return this.held[this.held.length - 1];
  }

  /** What a reload left; older than everything that is added meanwhile. */
  restore(kept: HeldFix[]): void {
    const known = new Set(this.held.map(key));
    const older = kept.filter((fix) => !known.has(key(fix)));
    this.held = [...older, ...this.held].sort(compare).slice(-MOST_FIXES);
    this.resend();
  }

  add(epoch: number, fix: ReportedFix): void {
    this.held.push({ epoch, fix });
    this.store?.add({ epoch, fix });
    if (this.held.length <= MOST_FIXES) return;
    const gone = this.held.shift();
    this.sent = Math.max(0, this.sent - 1);
    if (gone) this.store?.drop({ epoch: gone.epoch, seq: gone.fix.seq });
  }

  /** What to send now on a link of this epoch; fixes of an older epoch can no longer be sent. */
  takeUnsent(epoch: number, nowMs: number): ReportedFix[] {
    const stale = this.held.filter((held) => held.epoch < epoch).length;
    if (stale > 0) {
      const last = this.held[stale - 1];
      if (last) this.store?.drop({ epoch: last.epoch, seq: last.fix.seq });
      this.held = this.held.slice(stale);
      this.sent = Math.max(0, this.sent - stale);
    }
    if (this.sent > 0 && nowMs - this.progressAt > STORED_WITHIN_MS) this.resend();
    const looked = this.seen;
    const under = this.held.slice(0, this.sent).filter((held) => !looked || isAfter(held, looked)).length;
    const room = Math.min(FRAME_FIXES, WINDOW_FIXES - under);
    if (room <= 0) return [];
    const taken = this.held.slice(this.sent, this.sent + room);
    if (taken.length > 0 && this.sent === 0) this.progressAt = nowMs;
    this.sent += taken.length;
    return taken.map((held) => held.fix);
  }

  /** A new link, or a frame that did not go out: what is not stored is sent from its beginning. */
  resend(): void {
    this.sent = 0;
    this.seen = null;
  }

  /** The server has looked at these: more may follow. */
  looked(epoch: number, seq: number): void {
    const last = this.held[this.sent - 1];
    // Of one that went ahead: it says nothing of those before it.
    if (!last || epoch > last.epoch || (epoch === last.epoch && seq > last.fix.seq)) return;
    const seen = this.seen;
    if (!seen || epoch > seen.epoch || (epoch === seen.epoch && seq > seen.seq)) this.seen = { epoch, seq };
  }

  /** The server has these on its disk, or did not want them. */
  stored(mark: Mark, nowMs: number): void {
    const first = this.held.findIndex((held) => isAfter(held, mark));
    const gone = first < 0 ? this.held.length : first;
    if (gone === 0) return;
    this.held = this.held.slice(gone);
    this.sent = Math.max(0, this.sent - gone);
    this.progressAt = nowMs;
    this.store?.drop(mark);
  }
}

function isAfter(held: HeldFix, mark: Mark): boolean {
  return held.epoch > mark.epoch || (held.epoch === mark.epoch && held.fix.seq > mark.seq);
}

function compare(a: HeldFix, b: HeldFix): number {
  return a.epoch - b.epoch || a.fix.seq - b.fix.seq;
}

function key(held: HeldFix): string {
  return `${held.epoch}.${held.fix.seq}`;
}
