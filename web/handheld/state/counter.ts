// The number of a fix: (epoch, seq), always growing, so that the server knows the newest whatever
// order fixes arrive in. Kept over reloads; when the kept number is lost, the epoch grows instead.

export interface CounterStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = 'tiande.counter';
const U32_MAX = 0xffff_ffff;

export class FixCounter {
  private epochNow: number;
  private seqNow: number;

  /** A fresh epoch is the time in seconds: it grows even when all storage of the browser was wiped. */
  constructor(
    private readonly store: CounterStore,
    private readonly nowMs: () => number,
  ) {
    const kept = read(store);
    this.epochNow = kept?.epoch ?? this.freshEpoch(0);
    this.seqNow = kept?.seq ?? 0;
    this.save();
  }

  get epoch(): number {
    return this.epochNow;
  }

  next(): { epoch: number; seq: number } {
    // Another tab of this device may have counted on; two fixes must never share a number.
    const kept = read(this.store);
    if (kept && (kept.epoch > this.epochNow || (kept.epoch === this.epochNow && kept.seq > this.seqNow))) {
      this.epochNow = kept.epoch;
      this.seqNow = kept.seq;
    }
    if (this.seqNow >= U32_MAX) {
      this.epochNow = this.freshEpoch(this.epochNow);
      this.seqNow = 0;
    }
    this.seqNow += 1;
    this.save();
    return { epoch: this.epochNow, seq: this.seqNow };
  }

  private freshEpoch(above: number): number {
    return Math.min(U32_MAX, Math.max(above + 1, Math.floor(this.nowMs() / 1000)));
  }

  private save(): void {
    this.store.setItem(KEY, `${this.epochNow}.${this.seqNow}`);
  }
}

function read(store: CounterStore): { epoch: number; seq: number } | null {
  const match = /^(\d{1,10})\.(\d{1,10})$/.exec(store.getItem(KEY) ?? '');
  if (!match) return null;
  const epoch = Number(match[1]);
  const seq = Number(match[2]);
  return epoch <= U32_MAX && seq <= U32_MAX ? { epoch, seq } : null;
}
