// A form of the portal: what is being written stays while one looks elsewhere, and is empty when it was received.

import { HandIn } from './hand-in.svelte';
import type { Visit } from './visit.svelte';

/** Longest words, characters as the server counts them. */
export const TEXT_MAX = 10_000;
export const LINE_MAX = 200;
/** From here on the counter is shown. */
const NEAR = 500;

/** Characters, not halves of them. */
export const lengthOf = (text: string): number => {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
};

/** How many are left, when that is worth saying; below 0: too many. */
export function leftOf(text: string, most: number): number | null {
  const left = most - lengthOf(text.trim());
  return left <= Math.min(NEAR, most / 2) ? left : null;
}

export class Form {
  busy = $state(false);
  refused = $state.raw<unknown>(null);
  /** The record of what was received last; 0: nothing had to be written down. */
  receipt = $state<number | null>(null);

  /** True when it was received. */
  async send(visit: Visit, body: Record<string, unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refused = null;
    this.receipt = null;
    try {
      this.receipt = (await visit.act(body)) ?? 0;
      return true;
    } catch (error) {
      this.refused = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/** All forms of one visit. */
export class Forms {
  message = new Form();
  messageText = $state('');
  lead = new Form();
  leadText = $state('');
  leadPlace = $state('');
  leadUrgent = $state(false);
  appointment = new Form();
  day = $state('');
  time = $state('');
  reason = $state('');
  cancel = new Form();
  consent = new Form();
  handIn = new HandIn();

  /** What was said of things received is not said again on the next look; what was refused still waits. */
  settle(): void {
    for (const form of [this.message, this.lead, this.appointment, this.cancel, this.consent]) form.receipt = null;
  }
}
