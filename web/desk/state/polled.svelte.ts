// One list of the server, asked for again and again. What was known stays on the screen until something
// newer has come whole; an answer that was overtaken is thrown away.

import { call } from '../../shared/http';

export class Polled<T> {
  value = $state.raw<T | null>(null);
  /** When it came, by this machine's clock. */
  at = $state(0);
  failed = $state.raw<unknown>(null);
  private turn = 0;

  constructor(
    private readonly path: () => string,
    private readonly read: (answer: unknown) => T,
    private readonly came: (value: T) => void = () => undefined,
  ) {}

  async refresh(): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    try {
      const value = this.read(await call<unknown>(this.path()));
      if (turn !== this.turn) return;
      this.value = value;
      this.at = Date.now();
      this.failed = null;
      this.came(value);
    } catch (error) {
      if (turn === this.turn) this.failed = error;
    }
  }

  forget(): void {
    this.turn += 1;
    this.value = null;
    this.failed = null;
  }
}
