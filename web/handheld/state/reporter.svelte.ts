// Reports positions: one fix each interval the server asks for, kept until the server has stored it.

import type { Ack, Mark, ReportedFix } from '../protocol';
import { FixBuffer } from './fix-buffer';
import { type FixStore, openFixes } from './fix-store';
import { FixCounter } from './counter';
import { type OwnFix, Whereabouts } from './whereabouts.svelte';

const DEFAULT_EVERY_MS = 5000;
const LEAST_EVERY_MS = 500;

export class Reporter {
  readonly whereabouts: Whereabouts;
  /** The newest fix the server has taken, by the time it was taken here. */
  acceptedAt = $state<number | null>(null);
  acceptedAccuracyM = $state<number | null>(null);

  private readonly counter: FixCounter;
  /** The store is there when the database is open; what came before that waits in memory. */
  private store: FixStore | null = null;
  private readonly buffer = new FixBuffer({
    add: (held) => {
      // Off duty nothing of the way is kept, neither here nor on the server.
      if (this.duty) this.store?.add(held);
    },
    drop: (mark) => this.store?.drop(mark),
  });
  /** What was saved up without network goes up to here. */
  private savedUpTo: Mark = { epoch: 0, seq: 0 };
  private readonly takenAt = new Map<number, OwnFix>();
  private send: (fixes: ReportedFix[], ahead: boolean) => boolean = () => false;
  private timer: number | undefined;
  private everyMs = DEFAULT_EVERY_MS;
  private duty = false;
  // Before the first `welcome` the server's time is not known, and a fix needs the right time.
  private timed = false;

  constructor(now: () => number) {
    this.whereabouts = new Whereabouts(now);
    this.counter = new FixCounter(localStorage, Date.now);
  }

  get epoch(): number {
    return this.counter.epoch;
  }

  begin(send: (fixes: ReportedFix[], ahead: boolean) => boolean): void {
    this.send = send;
    void openFixes(globalThis.indexedDB, Date.now()).then((opened) => {
      if (!opened) return;
      this.store = opened.store;
      this.buffer.restore(opened.kept);
      if (this.timed) this.pump();
    });
    if (this.whereabouts.source === 'gps') void this.whereabouts.watchGpsIfAllowed();
    this.schedule();
  }

  end(): void {
    window.clearInterval(this.timer);
  }

  /** The officer pressed a button that may ask for the permission. */
  allowed(): void {
    if (this.whereabouts.source === 'gps') this.whereabouts.watchGps();
  }

  linked(everyMs: number, stored: Mark | null): void {
    this.everyMs = Math.max(LEAST_EVERY_MS, everyMs || DEFAULT_EVERY_MS);
    if (!this.timed) this.whereabouts.forgetTime();
    this.timed = true;
    if (stored) this.buffer.stored(stored, Date.now());
    this.buffer.resend();
    const newest = this.buffer.newest;
    if (newest) this.savedUpTo = { epoch: newest.epoch, seq: newest.fix.seq };
    this.schedule();
    this.report();
  }

  onDuty(duty: boolean): void {
    const begins = duty && !this.duty;
    this.duty = duty;
    if (!begins) return;
    if (this.whereabouts.source === 'gps') void this.whereabouts.watchGpsIfAllowed();
    this.report();
  }

  /** At once, when the place was changed by hand; else by the timer. */
  report(): void {
    this.whereabouts.nudgeGps(this.everyMs);
    const fix = this.whereabouts.read();
    if (fix && this.timed && !this.alreadyReported(fix)) this.hold(fix);
    // While hours of saved fixes go out, the newest goes ahead: it is what decides who is near.
    const newest = this.buffer.newest;
    if (newest && this.buffer.behind && newest.epoch === this.counter.epoch) this.send([newest.fix], true);
    this.pump();
  }

  /** The server has these on its disk. */
  stored(mark: Mark): void {
    this.buffer.stored(mark, Date.now());
    this.pump();
  }

  /** True when an answer is about fixes that were saved up: that they are stale is no news. */
  isSavedUp(ack: Ack): boolean {
    if (this.buffer.behind) return true;
    return ack.epoch < this.savedUpTo.epoch || (ack.epoch === this.savedUpTo.epoch && ack.seq <= this.savedUpTo.seq);
  }

  private pump(): void {
    for (;;) {
      const unsent = this.buffer.takeUnsent(this.counter.epoch, Date.now());
      if (unsent.length === 0) return;
      // Not sent means no link: they stay, and go out after the next `welcome`.
      if (!this.send(unsent, false)) {
        this.buffer.resend();
        return;
      }
    }
  }

  acknowledged(ack: Ack): void {
    this.buffer.looked(ack.epoch, ack.seq);
    this.pump();
    const fix = this.takenAt.get(ack.seq);
    if (ack.taken > 0 && fix) {
      this.acceptedAt = fix.taken_at;
      this.acceptedAccuracyM = fix.accuracy_m;
    }
    for (const seq of this.takenAt.keys()) if (seq <= ack.seq) this.takenAt.delete(seq);
  }

  private alreadyReported(fix: OwnFix): boolean {
    return [...this.takenAt.values()].some((held) => held.taken_at === fix.taken_at) || this.acceptedAt === fix.taken_at;
  }

  private hold(fix: OwnFix): void {
    const { epoch, seq } = this.counter.next();
    this.takenAt.set(seq, fix);
    this.buffer.add(epoch, {
      seq,
      taken_at: Math.round(fix.taken_at),
      lat: fix.lat,
      lon: fix.lon,
      accuracy_m: fix.accuracy_m,
      ...(fix.speed_mps === undefined ? {} : { speed_mps: fix.speed_mps }),
      ...(fix.heading_deg === undefined ? {} : { heading_deg: fix.heading_deg }),
    });
    // Bounded like the buffer: only unacknowledged numbers are remembered.
    if (this.takenAt.size > 200) this.takenAt.delete(this.takenAt.keys().next().value ?? 0);
  }

  private schedule(): void {
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => this.report(), this.everyMs);
  }
}
