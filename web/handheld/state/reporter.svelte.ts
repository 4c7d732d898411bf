// Reports positions: one fix each interval the server asks for, kept until it is acknowledged.

import type { Ack, ReportedFix } from '../protocol';
import { FixBuffer } from './fix-buffer';
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
  private readonly buffer = new FixBuffer();
  private readonly takenAt = new Map<number, OwnFix>();
  private send: (fixes: ReportedFix[]) => boolean = () => false;
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

  begin(send: (fixes: ReportedFix[]) => boolean): void {
    this.send = send;
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

  linked(everyMs: number): void {
    this.everyMs = Math.max(LEAST_EVERY_MS, everyMs || DEFAULT_EVERY_MS);
    if (!this.timed) this.whereabouts.forgetTime();
    this.timed = true;
    this.buffer.resend();
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
    const unsent = this.buffer.takeUnsent(this.counter.epoch);
    // Not sent means no link: they stay, and go out after the next `welcome`.
    if (unsent.length > 0 && !this.send(unsent)) this.buffer.resend();
  }

  acknowledged(ack: Ack): void {
    this.buffer.acknowledge(ack.epoch, ack.seq);
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
