// The file that is open: loaded, acted on, and loaded again after each act.

import { ACTS, type Field } from './acts';
import { act, type CaseFile, loadFile } from './protocol';

export interface Asked {
  name: string;
  given: Record<string, unknown>;
  fields: Field[];
}

export class OpenFile {
  value = $state.raw<CaseFile | null>(null);
  failed = $state.raw<unknown>(null);
  asked = $state.raw<Asked | null>(null);
  busy = $state(false);
  refused = $state.raw<unknown>(null);
  /** A code or token that is shown this once. */
  secret = $state.raw<string | null>(null);

  constructor(readonly id: string) {}

  async load(): Promise<void> {
    try {
      this.value = await loadFile(this.id);
      this.failed = null;
    } catch (error) {
      this.failed = error;
    }
  }

  /** Opens the form of an act; `given` is what the form need not ask. */
  ask(name: string, given: Record<string, unknown> = {}, more: Field[] = []): void {
    const fields = (ACTS[name]?.fields ?? []).filter((field) => !(field.name in given));
    this.refused = null;
    this.asked = { name, given, fields: [...fields, ...more] };
  }

  leave(): void {
    this.asked = null;
  }

  async send(body: Record<string, unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.refused = null;
    try {
      this.secret = await act(this.id, body);
      this.asked = null;
    } catch (error) {
      this.refused = error;
      return;
    } finally {
      this.busy = false;
    }
    await this.load();
  }
}
