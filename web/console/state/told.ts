// Up to where the server has told this console (PROTOCOL §6): what `hello` says after a break, so that
// only what was missed comes again.

import type { Frame } from '../../shared/protocol/frames';

export class Told {
  private run: number | null = null;
  /** Everything up to here has come. */
  private no = 0;
  /** The greatest number that has come; while catching up there may be gaps below it. */
  private seen = 0;
  private catchingUp = false;

  /** The field of `hello`; nothing when there is nothing to go on from. */
  after(): { run: number; no: number } | undefined {
    if (this.run === null) return undefined;
    this.catchingUp = true;
    return { run: this.run, no: this.no };
  }

  /** Takes the number of a frame in; false when that very news was shown before a break. */
  take(frame: Frame): boolean {
    const no = frame['no'];
    if (typeof no !== 'number') return true;
    if (frame.type === 'welcome' || frame.type === 'resumed') {
      this.run = typeof frame['run'] === 'number' ? frame['run'] : null;
      this.no = no;
      this.seen = no;
      this.catchingUp = false;
      return true;
    }
    const repeated = this.catchingUp && no <= this.seen;
    this.note(no);
    // What tells a state may be told twice; a line of the feed must not stand there twice.
    return !(repeated && frame.type === 'event');
  }

  /** A number that came in binary. */
  note(no: number): void {
    this.seen = Math.max(this.seen, no);
    if (!this.catchingUp) this.no = this.seen;
  }

  forget(): void {
    this.run = null;
    this.catchingUp = false;
  }
}
