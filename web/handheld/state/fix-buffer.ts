// Fixes the server has not acknowledged. Bounded: after a long gap only the newest matter.

import type { ReportedFix } from '../protocol';

/** Also the greatest number of fixes in one frame. */
export const MOST_FIXES = 100;

interface Held {
  fix: ReportedFix;
  epoch: number;
  sent: boolean;
}

export class FixBuffer {
  private held: Held[] = [];

  get size(): number {
    return this.held.length;
  }

  add(epoch: number, fix: ReportedFix): void {
    this.held.push({ fix, epoch, sent: false });
    if (this.held.length > MOST_FIXES) this.held.shift();
  }

  /** What to send now on a link of this epoch; fixes of an older epoch can no longer be sent. */
  takeUnsent(epoch: number): ReportedFix[] {
    this.held = this.held.filter((held) => held.epoch === epoch);
    const unsent = this.held.filter((held) => !held.sent);
    for (const held of unsent) held.sent = true;
    return unsent.map((held) => held.fix);
  }

  /** A new link: whatever was not acknowledged may have been lost with the old one. */
  resend(): void {
    for (const held of this.held) held.sent = false;
  }

  acknowledge(epoch: number, seq: number): void {
    this.held = this.held.filter((held) => held.epoch > epoch || (held.epoch === epoch && held.fix.seq > seq));
  }
}
