// Measures in the field are a part of the page that loads after its first picture: an officer who waits for an
// offer does not wait for it. It is fetched at once and not at the first touch, because then there may be no
// network any more, and because what waits from before must go out.

import type { Field } from '../field/field.svelte';
import type { Unit } from './unit.svelte';

export const MEASURES_DATABASE = 'tiande.measures';
export const COLLEAGUES = 'tiande.colleagues';

type Loaded = typeof import('../field/index');

export class FieldPart {
  loaded = $state.raw<Loaded | null>(null);
  field = $state.raw<Field | null>(null);
  failed = $state(false);
  private ended = false;
  private readonly retry = (): void => void this.load();

  constructor(
    private readonly unit: Unit,
    private readonly token: string,
  ) {}

  async load(): Promise<void> {
    if (this.loaded || this.ended) return;
    this.failed = false;
    try {
      const loaded = await import('../field/index');
      if (this.ended) return;
      this.loaded = loaded;
      this.field = await loaded.Field.open(this.unit, this.token);
      window.removeEventListener('online', this.retry);
      if (this.ended) this.field.end();
    } catch {
      this.failed = true;
      window.addEventListener('online', this.retry, { once: true });
    }
  }

  /** So many measures of this incident are not with the server yet. */
  waiting(incident: string): number {
    return this.field?.waitingIn(incident) ?? 0;
  }

  end(): void {
    this.ended = true;
    window.removeEventListener('online', this.retry);
    this.field?.end();
  }
}

/** An officer signs out of this phone: nothing of a case stays on it. */
export function forgetMeasures(factory: IDBFactory | undefined): void {
  factory?.deleteDatabase(MEASURES_DATABASE);
  localStorage.removeItem(COLLEAGUES);
}
