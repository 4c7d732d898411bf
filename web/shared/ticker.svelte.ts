// One clock for everything on a page that counts: ages and countdowns move together, and a page
// with a hundred rows has one timer.

import { ServerClock } from './clock';

export class Ticker {
  readonly clock = new ServerClock();
  now = $state(Date.now());
  private timer: number | undefined;

  start(everyMs: number): void {
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => {
      this.now = this.clock.now();
    }, everyMs);
  }
}
