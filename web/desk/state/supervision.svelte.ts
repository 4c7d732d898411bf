// Alarms of emergencies, looked at again every 10 s; what is near due, overdue and escalated, and who has how
// much of it, every 30 s.

import { Refused } from '../../shared/refused';
import type { Session } from '../../shared/session.svelte';
import { Ticker } from '../../shared/ticker.svelte';
import { readAlarms } from '../protocol/alarms';
import { readEscalations, readLoad, readNodes } from '../protocol/supervision';
import { Polled } from './polled.svelte';
import { mayEnter, mayList, type Rights, rightsOf } from './rights';

export const NEAR_DAYS = [3, 7, 14, 30] as const;
export const LOAD_DAYS = [7, 14, 30] as const;
/** More rows than this the server does not list. */
export const ROWS_MAX = 500;
/** As far as handlers are looked for, to whom a case may go. */
const CANDIDATE_DAYS = 366;
export const REFRESH_MS = 30_000;
/** An emergency's clocks run for minutes. */
export const CLOCKS_REFRESH_MS = 10_000;
const ALL_EVERY = REFRESH_MS / CLOCKS_REFRESH_MS;
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

  readonly clocks = new Polled(() => '/api/supervision/alarms', readAlarms, this.heard);
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
    let beats = 0;
    const timer = window.setInterval(() => {
      beats += 1;
      if (beats % ALL_EVERY === 0) again();
      else if (!document.hidden) void this.refreshClocks();
    }, CLOCKS_REFRESH_MS);
    document.addEventListener('visibilitychange', again);
    void this.refresh();
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
      const all = [this.clocks, this.near, this.overdue, this.escalations, this.load, this.candidates];
      for (const polled of all) polled.forget();
    };
  }

  /** One after another: under load the server answers such lists last. */
  async refresh(): Promise<void> {
    if (!mayEnter(this.rights) || (await this.refreshClocks())) return;
    for (const polled of [this.near, this.overdue, this.escalations]) {
      await polled.refresh();
      if (this.isOver(polled.failed)) return;
    }
    if (mayList('load', this.rights)) await this.load.refresh();
  }

  /** Tells whether the session is over. */
  private async refreshClocks(): Promise<boolean> {
    if (!mayList('clocks', this.rights)) return false;
    await this.clocks.refresh();
    return this.isOver(this.clocks.failed);
  }

  private isOver(failed: unknown): boolean {
    const over = failed instanceof Refused && failed.code === 'auth-required';
    if (over) this.session.ended();
    return over;
  }
}
