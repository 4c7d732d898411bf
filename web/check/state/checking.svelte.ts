// What was put in, and what comes of it. Everything stays in this page.

import { hashOfFile } from '../proof/bytes';
import { check, type Shown } from '../proof/receipt';
import { Refused } from '../proof/refused';
import { looksLikeRoots } from '../proof/roots';
import { isConsistency, isKey, isReceipt, json } from '../proof/shapes';

export type SlotName = 'receipt' | 'file' | 'roots' | 'key';

interface Put {
  name: string;
  /** Bytes of the receipt, text of roots and key, hash of the file. */
  bytes?: Uint8Array;
  text?: string;
}

/** Larger ones can only be what was handed in. */
const TEXT_MAX = 32 * 1024 * 1024;

export type Outcome = { kind: 'shown'; shown: Shown } | { kind: 'refused'; refused: Refused };

export class Checking {
  slots = $state<Record<SlotName, Put | null>>({ receipt: null, file: null, roots: null, key: null });
  busy = $state(0);
  unread = $state(false);

  readonly outcome: Outcome | null = $derived.by(() => this.judge());

  private judge(): Outcome | null {
    const { receipt, file, roots, key } = this.slots;
    if (receipt?.bytes === undefined) return null;
    try {
      const digits = key?.text?.trim().toLowerCase();
      if (digits !== undefined && !isKey(digits)) throw new Refused('keyUnreadable');
      return { kind: 'shown', shown: check(receipt.bytes, { key: digits, roots: roots?.text, file: file?.text }) };
    } catch (error) {
      if (error instanceof Refused) return { kind: 'refused', refused: error };
      throw error;
    }
  }

  /** Puts files where they belong, or all where somebody says so. */
  async take(files: Iterable<File>, slot?: SlotName): Promise<void> {
    this.unread = false;
    this.busy += 1;
    try {
      for (const file of files) await this.put(file, slot ?? (await slotOf(file)));
    } catch {
      this.unread = true;
    } finally {
      this.busy -= 1;
    }
  }

  private async put(file: File, slot: SlotName): Promise<void> {
    const name = file.name;
    if (slot === 'receipt') this.slots.receipt = { name, bytes: new Uint8Array(await file.arrayBuffer()) };
    else if (slot === 'file') this.slots.file = { name, text: await hashOfFile(file) };
    else this.slots[slot] = { name, text: await file.text() };
  }

  remove(slot: SlotName): void {
    this.slots[slot] = null;
  }

  clear(): void {
    this.slots = { receipt: null, file: null, roots: null, key: null };
    this.unread = false;
  }
}

/** What a file is, by what it holds. */
async function slotOf(file: File): Promise<SlotName> {
  if (file.size > TEXT_MAX) return 'file';
  const bytes = new Uint8Array(await file.arrayBuffer());
  const content = new TextDecoder().decode(bytes);
  if (isKey(content.trim())) return 'key';
  if (looksLikeRoots(content)) return 'roots';
  try {
    const value = json(bytes);
    if (isReceipt(value) || isConsistency(value)) return 'receipt';
  } catch {
    // No JSON: what was handed in, or a receipt that was damaged.
  }
  return content.includes('tiande-receipt-v1') || content.includes('tiande-consistency-v1') ? 'receipt' : 'file';
}
