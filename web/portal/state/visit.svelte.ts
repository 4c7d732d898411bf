// One visit: coming in by a link, what is known of the case, and what the visitor does. The server's word is the
// truth: what was done is shown when the case has been read again.

import { call } from '../../shared/http';
import { LOCAL, Refused } from '../../shared/refused';
import { type CaseView, readCase, readDone } from '../protocol/case';
import { Forms } from './form.svelte';
import { type Shown, shownBy } from './token';

export type Phase =
  | 'opening'
  | 'in'
  /** A code that opens nothing here. */
  | 'code'
  /** Nobody has come in, or not any more. */
  | 'gate'
  /** The link opens nothing. */
  | 'dead'
  /** Could not be opened; `failed` says why. */
  | 'failed'
  | 'left';

/** How often news are looked for while the page is seen. */
const EVERY_MS = 60_000;
/** A slow phone in a cellar. */
const PATIENCE_MS = 30_000;
const HOME = '/portal/';

const isOut = (error: unknown): boolean =>
  error instanceof Refused && (error.code === 'auth-required' || error.code === 'credentials');

export class Visit {
  phase = $state<Phase>('opening');
  code = $state.raw<Shown | null>(null);
  view = $state.raw<CaseView | null>(null);
  failed = $state.raw<unknown>(null);
  /** What is being written. */
  forms = $state.raw(new Forms());
  /** Whose forms they are: the party of a case. */
  private whose = '';
  /** The link that is still to be tried. */
  private token: string | null = null;
  private turn = 0;
  private readUpto = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  /** Begins anew with the page's address. */
  async open(hash: string): Promise<void> {
    await this.show(shownBy(hash));
  }

  async show(shown: Shown | null): Promise<void> {
    this.code = shown;
    this.token = shown?.kind === 'access' ? shown.token : null;
    if (shown !== null && shown.kind !== 'access') {
      this.phase = 'code';
      return;
    }
    await this.enter();
  }

  /** Comes in, by the link if there is one, else by the cookie of before. Also what "try again" does. */
  async enter(): Promise<void> {
    this.forget();
    this.phase = 'opening';
    try {
      if (this.token !== null) {
        await call('/api/portal/session', { method: 'POST', body: { token: this.token }, timeoutMs: PATIENCE_MS });
        this.tried();
      }
      await this.load();
    } catch (error) {
      if (this.token !== null && error instanceof Refused && error.code === 'credentials') {
        this.tried();
        this.phase = 'dead';
      } else this.fail(error);
    }
  }

  /** The link was answered: it is taken out of the address, where others could read it off the screen. */
  private tried(): void {
    this.token = null;
    history.replaceState(null, '', HOME);
  }

  private async load(): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    const view = readCase(await call<unknown>('/api/portal/case', { timeoutMs: PATIENCE_MS }));
    if (turn !== this.turn) return;
    this.own(`${view.court.id} ${view.number} ${view.party.number}`);
    this.view = view;
    this.failed = null;
    this.phase = 'in';
  }

  /** Who comes in again goes on writing; who comes in by another's link begins with nothing. */
  private own(whose: string): void {
    if (this.whose !== whose) this.forms = new Forms();
    this.whose = whose;
  }

  private fail(error: unknown): void {
    this.failed = error;
    if (isOut(error)) {
      this.forget();
      this.phase = 'gate';
    } else if (this.view === null) this.phase = 'failed';
  }

  /** Reads the case again; what was known stays until something newer has come whole. */
  async refresh(): Promise<void> {
    if (this.view === null) return;
    const turn = this.turn + 1;
    try {
      await this.load();
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    }
  }

  /** Looks for news while the page is seen; gives what ends that. */
  follow(): () => void {
    const look = (): void => {
      if (document.visibilityState === 'visible' && this.phase === 'in') void this.refresh();
    };
    this.timer = setInterval(look, EVERY_MS);
    document.addEventListener('visibilitychange', look);
    window.addEventListener('online', look);
    return () => {
      clearInterval(this.timer);
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('online', look);
    };
  }

  /** Does something; gives the number of its record. Throws `Refused` for the form to show. */
  async act(body: Record<string, unknown>): Promise<number | null> {
    try {
      const done = await call<unknown>('/api/portal/case', { method: 'POST', body, timeoutMs: PATIENCE_MS });
      return readDone(done).receipt;
    } catch (error) {
      if (isOut(error)) this.fail(error);
      // It may have arrived all the same: whoever sends it again without looking says it twice.
      if (error instanceof Refused && error.code === LOCAL.unreachable && navigator.onLine) {
        throw new Refused(LOCAL.noAnswer, error.message);
      }
      throw error;
    } finally {
      await this.refresh();
    }
  }

  /** Messages of the court up to this one were seen. */
  async seen(upto: number): Promise<void> {
    const before = Math.max(this.readUpto, this.view?.dealings?.read ?? 0);
    if (upto <= before) return;
    this.readUpto = upto;
    try {
      await call('/api/portal/case', { method: 'POST', body: { do: 'message_read', upto } });
      await this.refresh();
    } catch (error) {
      // Told again when the messages are looked at the next time.
      this.readUpto = 0;
      if (isOut(error)) this.fail(error);
    }
  }

  async leave(): Promise<void> {
    await call('/api/portal/session', { method: 'DELETE' });
    this.forget();
    this.own('');
    history.replaceState(null, '', HOME);
    this.phase = 'left';
  }

  private forget(): void {
    this.turn += 1;
    this.readUpto = 0;
    this.view = null;
    this.failed = null;
  }
}
