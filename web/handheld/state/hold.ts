// Press and hold, by finger, mouse or key: an SOS must be neither missed nor sent by a pocket.

export const HOLD_MS = 2000;

export class Hold {
  private startedAt: number | null = null;
  private frame: number | undefined;

  constructor(
    private readonly onProgress: (part: number) => void,
    private readonly onHeld: () => void,
  ) {}

  start(): void {
    if (this.startedAt !== null) return;
    this.startedAt = performance.now();
    this.step();
  }

  cancel(): void {
    if (this.startedAt === null) return;
    this.startedAt = null;
    window.clearTimeout(this.frame);
    this.onProgress(0);
  }

  // By a timer and not by animation frames: the hold must also end when the screen draws nothing.
  private step(): void {
    if (this.startedAt === null) return;
    const part = Math.min(1, (performance.now() - this.startedAt) / HOLD_MS);
    this.onProgress(part);
    if (part < 1) {
      this.frame = window.setTimeout(() => this.step(), 33);
      return;
    }
    this.startedAt = null;
    this.onProgress(0);
    this.onHeld();
  }
}
