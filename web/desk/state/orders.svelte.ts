// What people do here: a question is open, is sent, and is over when the server has said so.

import { call } from '../../shared/http';
import { Refused } from '../../shared/refused';
import type { Escalation, OfCase } from '../protocol/supervision';
import type { EscalationAct } from './rights';

export type Question = { kind: 'act'; act: EscalationAct; row: Escalation } | { kind: 'move'; row: OfCase };

/** Longest words the server takes, characters. */
export const WORDS_MAX = 2000;
const TOLD_MS = 6000;

export const escalationPath = (row: OfCase): string =>
  `/api/cases/${encodeURIComponent(row.case)}/escalations/${encodeURIComponent(row.node)}/${row.round}`;
export const handlerPath = (row: OfCase): string => `/api/cases/${encodeURIComponent(row.case)}/handler`;

export const alarmPath = (alarm: string): string => `/api/alarms/${encodeURIComponent(alarm)}/acknowledge`;

/** Exactly the fields the server knows: it refuses others. */
export function actBody(act: EscalationAct, words: string): Record<string, string> {
  return act === 'acknowledge' || act === 'accept' ? { do: act } : { do: act, words };
}

export class Orders {
  open = $state.raw<Question | null>(null);
  busy = $state(false);
  refused = $state.raw<unknown>(null);
  /** What was done last, for a while. */
  told = $state('');
  private readonly noting = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly after: () => Promise<void>,
    private readonly ended: () => void,
  ) {}

  ask(question: Question): void {
    this.refused = null;
    this.open = question;
  }

  leave(): void {
    if (this.busy) return;
    this.open = null;
    this.refused = null;
  }

  act(act: EscalationAct, row: Escalation, words: string, told: string): Promise<void> {
    return this.send(escalationPath(row), actBody(act, words), told);
  }

  move(row: OfCase, handler: string, reason: string, told: string): Promise<void> {
    return this.send(handlerPath(row), { handler, reason }, told);
  }

  /** An alarm is taken note of without a question. That somebody else was faster is said, and no fault. */
  async note(alarm: string, told: string, taken: string): Promise<void> {
    if (this.noting.has(alarm)) return;
    this.noting.add(alarm);
    this.refused = null;
    try {
      await call(alarmPath(alarm), { method: 'POST', body: {} });
      this.tell(told);
    } catch (error) {
      if (error instanceof Refused && error.code === 'not-found') this.tell(taken);
      else this.failed(error);
    }
    await this.after();
    this.noting.delete(alarm);
  }

  private async send(path: string, body: unknown, told: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.refused = null;
    try {
      await call(path, { method: 'POST', body });
      this.open = null;
      this.tell(told);
    } catch (error) {
      this.failed(error);
    } finally {
      this.busy = false;
    }
    // Also after a refusal: others may have been faster, and the list shows it.
    await this.after();
  }

  private failed(error: unknown): void {
    this.refused = error;
    if (error instanceof Refused && error.code === 'auth-required') this.ended();
  }

  private tell(told: string): void {
    this.told = told;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.told = '';
    }, TOLD_MS);
  }
}
