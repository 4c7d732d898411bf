// Commands that have no answer yet. Sending a command again is safe (PROTOCOL §3), so after each
// reconnect all of them go out again, in order, and none is lost because a link broke.

import type { Answer, Command } from './protocol/frames';
import { LOCAL, Refused } from './refused';

export interface OutboxEntry {
  id: string;
  command: Command;
  at: number;
}

interface Waiter {
  resolve: (answer: Answer & { type: 'done' }) => void;
  reject: (error: Refused) => void;
}

export interface OutboxStore {
  load(): OutboxEntry[];
  save(entries: OutboxEntry[]): void;
}

const MOST_ENTRIES = 64;

export class Outbox {
  private entries: OutboxEntry[];
  private readonly waiters = new Map<string, Waiter>();

  constructor(
    private readonly newId: () => string,
    private readonly store: OutboxStore | null = null,
  ) {
    this.entries = store?.load() ?? [];
  }

  get size(): number {
    return this.entries.length;
  }

  has(type: string): boolean {
    return this.entries.some((entry) => entry.command.type === type);
  }

  /** `first` puts the command before all others: an SOS does not queue behind a duty change. */
  add(command: Command, at: number, first = false): { entry: OutboxEntry; done: Promise<Answer> } {
    if (this.entries.length >= MOST_ENTRIES && !first) {
      throw new Refused(LOCAL.noAnswer, 'too many commands wait for an answer');
    }
    const entry = { id: this.newId(), command, at };
    if (first) this.entries.unshift(entry);
    else this.entries.push(entry);
    this.store?.save(this.entries);
    const done = new Promise<Answer>((resolve, reject) => this.waiters.set(entry.id, { resolve, reject }));
    // Most callers look at the state frames instead of the promise; an unheard refusal is no fault.
    done.catch(() => undefined);
    return { entry, done };
  }

  /** The entry this answers, or null for an answer nobody waits for. */
  answer(answer: Answer): OutboxEntry | null {
    const entry = this.entries.find((candidate) => candidate.id === answer.ref);
    if (!entry) return null;
    this.remove(entry.id);
    const waiter = this.waiters.get(entry.id);
    this.waiters.delete(entry.id);
    if (answer.type === 'done') waiter?.resolve(answer);
    else waiter?.reject(new Refused(answer.code, answer.title));
    return entry;
  }

  /** What goes out after a reconnect. */
  unanswered(): readonly OutboxEntry[] {
    return this.entries;
  }

  /** Gives up on commands that make no sense any more. */
  drop(unwanted: (entry: OutboxEntry) => boolean): void {
    for (const entry of this.entries.filter(unwanted)) {
      this.remove(entry.id);
      this.waiters.get(entry.id)?.reject(new Refused(LOCAL.noAnswer, 'no answer'));
      this.waiters.delete(entry.id);
    }
  }

  private remove(id: string): void {
    this.entries = this.entries.filter((entry) => entry.id !== id);
    this.store?.save(this.entries);
  }
}
