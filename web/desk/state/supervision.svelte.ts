// What is near due, overdue and escalated, and who has how much of it; looked at again every 30 s.

import { Refused } from '../../shared/refused';
import type { Session } from '../../shared/session.svelte';
import { Ticker } from '../../shared/ticker.svelte';
import { readEscalations, readLoad, readNodes } from '../protocol/supervision';
import { Polled } from './polled.svelte';
import { mayEnter, type Rights, rightsOf } from './rights';

export const NEAR_DAYS = [3, 7, 14, 30] as const;
export const LOAD_DAYS = [7, 14, 30] as const;
/** More rows than this the server does not list. */
export const ROWS_MAX = 500;
/** As far as handlers are looked for, to whom a case may go. */
const CANDIDATE_DAYS = 366;
const REFRESH_MS = 30_000;
const TICK_MS = 10_000;

export class Supervision {
  readonly ticker = new Ticker();
  nearDays = $state(7);
  loadDays = $state(14);
  /** Grows with every list that came: what watches the focus hangs on it. */
  version = $state(0);

  private readonly heard = ({ now }: { now: number }): void => {
    this.ticker.clock.guess(now);
    this.ticker.now = now;
    this.version += 1;
  };

  readonly near = new Polled(
    () => `/api/supervision/nodes?list=near&days=${this.nearDays}`,
    readNodes,
    this.heard,
  );
  readonly overdue = new Polled(() => '/api/supervision/nodes?list=overdue', readNodes, this.heard);
  readonly escalations = new Polled(() => '/api/supervision/escalations', readEscalations, this.heard);
  readonly load = new Polled(() => `/api/supervision/load?days=${this.loadDays}`, readLoad);
  readonly candidates = new Polled(() => `/api/supervision/load?days=${CANDIDATE_DAYS}`, readLoad);

  constructor(private readonly session: Session) {}

  get rights(): Rights {
    return rightsOf(this.session.user?.roles ?? []);
  }

  /** Until the returned function is called. A page that nobody sees asks for nothing. */
  begin(): () => void {
    this.ticker.start(TICK_MS);
    const again = (): void => {
      if (!document.hidden) void this.refresh();
    };
    const timer = window.setInterval(again, REFRESH_MS);
    document.addEventListener('visibilitychange', again);
    void this.refresh();
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
      for (const polled of [this.near, this.overdue, this.escalations, this.load, this.candidates]) polled.forget();
    };
  }

  /** One after another: under load the server answers such lists last. */
  async refresh(): Promise<void> {
    if (!mayEnter(this.rights)) return;
    for (const polled of [this.near, this.overdue, this.escalations]) {
      await polled.refresh();
      if (this.isOver(polled.failed)) return;
    }
    if (this.rights.supervises) await this.load.refresh();
  }

  private isOver(failed: unknown): boolean {
    const over = failed instanceof Refused && failed.code === 'auth-required';
    if (over) this.session.ended();
    return over;
  }
}
