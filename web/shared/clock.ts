// The server's clock, as well as it can be known here. Countdowns and ages use it: a phone that is
// two minutes off must not show an offer as expired.

interface Sample {
  offsetMs: number;
  roundTripMs: number;
}

const KEPT_SAMPLES = 8;

export class ServerClock {
  private samples: Sample[] = [];

  constructor(private readonly local: () => number = Date.now) {}

  /** `welcome.now`: no round trip known, so it counts only until the first pong. */
  guess(serverNow: number): void {
    this.samples = [{ offsetMs: serverNow - this.local(), roundTripMs: Number.POSITIVE_INFINITY }];
  }

  /** A pong: the server's time lies between the sending and the receiving. */
  sample(sentAt: number, serverNow: number, receivedAt: number): void {
    const roundTripMs = Math.max(0, receivedAt - sentAt);
    this.samples.push({ offsetMs: serverNow - (sentAt + roundTripMs / 2), roundTripMs });
    if (this.samples.length > KEPT_SAMPLES) this.samples.shift();
  }

  now(): number {
    let best: Sample | undefined;
    for (const sample of this.samples) {
      if (!best || sample.roundTripMs <= best.roundTripMs) best = sample;
    }
    return this.local() + (best?.offsetMs ?? 0);
  }
}
