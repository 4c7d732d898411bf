// Measures as the pages show them: drafts, what waits, what was refused and what is recorded. The store is the
// truth; after every change it is read again.

import { backoffMs } from '../../shared/backoff';
import { call } from '../../shared/http';
import type { Refused } from '../../shared/refused';
import type { Commitment } from '../protocol';
import { COLLEAGUES } from '../state/field-part.svelte';
import type { Unit } from '../state/unit.svelte';
import { type Colleague, body, goodPlace, type Held, type MeasureKind, newUuid } from './measure';
import { MeasureQueue } from './queue';
import { type MeasureStore, openMeasures } from './store';

/** A picture over a bad network. */
const PICTURE_WAIT_MS = 90_000;
const MEASURE_WAIT_MS = 20_000;
const MOST_COLLEAGUES = 12;

export class Field {
  held = $state.raw<Held[]>([]);
  /** Why what waits does not go out just now. */
  stopped = $state.raw<Refused | null>(null);
  sending = $state(false);
  /** The incident whose measures fill the screen. */
  opened = $state<string | null>(null);
  colleagues = $state.raw<Colleague[]>(remembered());
  readonly lasting: boolean;

  private readonly queue: MeasureQueue;
  private timer: number | undefined;
  private attempt = 0;
  private readonly nudge = (): void => {
    if (document.visibilityState === 'visible') this.send();
  };

  static async open(unit: Unit, token: string): Promise<Field> {
    const field = new Field(unit, token, await openMeasures(globalThis.indexedDB));
    await field.queue.tidy(Date.now());
    await field.refresh();
    field.send();
    return field;
  }

  private constructor(
    private readonly unit: Unit,
    token: string,
    private readonly store: MeasureStore,
  ) {
    this.lasting = store.lasting;
    const sender = {
      picture: async (incident: string, jpeg: ArrayBuffer) => {
        const picture = new Blob([jpeg], { type: 'image/jpeg' });
        const path = `/api/field/${incident}/pictures`;
        const options = { method: 'POST', body: picture, bearer: token, timeoutMs: PICTURE_WAIT_MS } as const;
        return (await call<{ sha256: string }>(path, options)).sha256;
      },
      measure: (held: Held) =>
        call<void>(`/api/field/${held.incident}/measures`, {
          method: 'POST',
          body: body(held),
          bearer: token,
          timeoutMs: MEASURE_WAIT_MS,
        }),
    };
    this.queue = new MeasureQueue(store, sender, unit.officer.id, () => this.refresh());
    window.addEventListener('online', this.nudge);
    document.addEventListener('visibilitychange', this.nudge);
  }

  end(): void {
    window.clearTimeout(this.timer);
    window.removeEventListener('online', this.nudge);
    document.removeEventListener('visibilitychange', this.nudge);
  }

  of(incident: string): Held[] {
    return this.held.filter((held) => held.incident === incident);
  }

  waitingIn(incident: string): number {
    return this.of(incident).filter(({ state }) => state === 'waiting').length;
  }

  /** A new one, or the one of this kind that was begun and not recorded. */
  begin(commitment: Commitment, kind: MeasureKind): Held {
    const incident = commitment.incident;
    const draft = this.of(incident.id).find((held) => held.state === 'draft' && held.kind === kind);
    if (draft) return structuredClone(draft);
    const now = this.now();
    return {
      measure: newUuid(),
      owner: this.unit.officer.id,
      incident: incident.id,
      incidentNumber: incident.number ?? '',
      kind,
      state: 'draft',
      order: now,
      at: now,
      place: this.place(),
      withPlace: true,
      with: [],
      asset: null,
      party: null,
      text: '',
      pictures: [],
      failed: 0,
      refused: null,
    };
  }

  now(): number {
    return this.unit.ticker.clock.now();
  }

  place(): Held['place'] {
    return goodPlace(this.unit.reporter.whereabouts.read(), this.now());
  }

  /** Keeps what was begun: the camera of a telephone often makes it throw this page away. */
  async keep(held: Held): Promise<void> {
    await this.store.put(structuredClone(held));
    await this.refresh();
  }

  /** It is done and goes out. One that was refused keeps its identity: the server has recorded nothing of it. */
  async record(held: Held): Promise<void> {
    const last = Math.max(0, ...this.held.filter(({ state }) => state !== 'draft').map(({ order }) => order));
    const order = Math.max(Date.now(), last + 1);
    await this.store.put(structuredClone({ ...held, order, state: 'waiting' as const, refused: null }));
    this.know(held.with);
    await this.refresh();
    this.send();
  }

  async discard(held: Held): Promise<void> {
    await this.store.drop(held.measure);
    await this.refresh();
  }

  /** Sends what waits, now; and again by itself when it stops. */
  send(): void {
    window.clearTimeout(this.timer);
    if (!this.held.some(({ state }) => state === 'waiting')) return;
    this.sending = true;
    void this.queue.flush().then(
      (stopped) => this.flushed(stopped),
      // The database failed: what waits is still there, and the next try may find it.
      () => this.again(null),
    );
  }

  private flushed(stopped: Refused | null): void {
    this.sending = false;
    this.stopped = stopped;
    if (stopped) this.again(stopped);
    else this.attempt = 0;
  }

  private again(stopped: Refused | null): void {
    this.sending = false;
    this.attempt += 1;
    const wait = Math.max(backoffMs(this.attempt), (stopped?.retryAfterS ?? 0) * 1000);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.send(), wait);
  }

  private async refresh(): Promise<void> {
    this.held = (await this.store.all()).filter(({ owner }) => owner === this.unit.officer.id);
  }

  private know(met: readonly Colleague[]): void {
    const others = this.colleagues.filter((known) => !met.some(({ officer }) => officer === known.officer));
    this.colleagues = [...met, ...others].slice(0, MOST_COLLEAGUES);
    localStorage.setItem(COLLEAGUES, JSON.stringify(this.colleagues));
  }
}

function remembered(): Colleague[] {
  try {
    const kept = JSON.parse(localStorage.getItem(COLLEAGUES) ?? '[]') as Colleague[];
    return kept.filter(({ officer, name }) => typeof officer === 'string' && typeof name === 'string');
  } catch {
    return [];
  }
}
