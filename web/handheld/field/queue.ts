// Measures that wait for the server. They go out one after another in the order of recording, each with its
// pictures first; what was refused is put aside with the reason, and those behind it go on.

import { LOCAL, Refused } from '../../shared/refused';
import type { Held, Picture, Why } from './measure';
import type { MeasureStore } from './store';

export interface Sender {
  /** Gives the hash under which the server has the picture. */
  picture(incident: string, jpeg: ArrayBuffer): Promise<string>;
  measure(held: Held): Promise<void>;
}

/** The server, or the way to it, fails: the same again later may well be taken. */
const LATER: readonly string[] = [
  LOCAL.unreachable,
  LOCAL.unreadable,
  LOCAL.noAnswer,
  'auth-required',
  'overloaded',
  'starting',
  'stopping',
  'journal-unavailable',
  'storage-full',
  'too-many',
  'internal',
  'http-500',
  'http-502',
  'http-503',
  'http-504',
];
/** One that makes the server fail again and again must not hold up all others for ever. */
const INTERNAL: readonly string[] = ['internal', 'http-500'];
export const MOST_FAILURES = 5;
/** What was recorded is shown for so long; the case's file has it for ever. */
const KEEP_DONE_MS = 72 * 3_600_000;

export class MeasureQueue {
  private running: Promise<Refused | null> | null = null;
  private again = false;

  constructor(
    private readonly store: MeasureStore,
    private readonly sender: Sender,
    private readonly owner: string,
    private readonly onChange: () => Promise<void> | void = () => undefined,
  ) {}

  /** Sends what waits. Null when nothing waits any more, else why it stopped. Two calls at once are one. */
  flush(): Promise<Refused | null> {
    if (this.running) {
      // Something may have been added after the running one has looked.
      this.again = true;
      return this.running;
    }
    this.running = this.run().finally(() => (this.running = null));
    return this.running;
  }

  /** Lets go of what was recorded long ago. */
  async tidy(now: number): Promise<void> {
    for (const held of await this.store.all()) {
      if (held.state === 'done' && now - held.at > KEEP_DONE_MS) await this.store.drop(held.measure);
    }
  }

  private async run(): Promise<Refused | null> {
    let stopped: Refused | null = null;
    do {
      this.again = false;
      stopped = await this.drain();
    } while (this.again && !stopped);
    return stopped;
  }

  private async drain(): Promise<Refused | null> {
    for (;;) {
      // Always what the store has: another page of this device may have sent it.
      const next = (await this.store.all()).find((held) => held.owner === this.owner && held.state === 'waiting');
      if (!next) return null;
      const stopped = await this.send(next);
      await this.onChange();
      if (stopped) return stopped;
    }
  }

  /** Null when the server has answered about this one, whatever it said. */
  private async send(held: Held): Promise<Refused | null> {
    try {
      await this.uploadPictures(held);
      await this.sender.measure(held);
    } catch (fault) {
      return this.failed(held, asRefused(fault));
    }
    const pictures = held.pictures.map((picture) => ({ ...picture, jpeg: null }));
    await this.store.put({ ...held, pictures, state: 'done', refused: null });
    return null;
  }

  private async uploadPictures(held: Held): Promise<void> {
    for (const picture of held.pictures) {
      if (picture.sha256 !== null || picture.jpeg === null) continue;
      picture.sha256 = await this.sender.picture(held.incident, picture.jpeg);
      // Kept at once: after a reload only the pictures that are missing go up.
      await this.store.put(held);
      await this.onChange();
    }
  }

  private async failed(held: Held, why: Refused): Promise<Refused | null> {
    const internal = INTERNAL.includes(why.code);
    const failed = internal ? held.failed + 1 : held.failed;
    if (LATER.includes(why.code) && failed < MOST_FAILURES) {
      if (internal) await this.store.put({ ...held, failed });
      return why;
    }
    // The server has lost pictures it had: they go up again, once.
    const lost = why.errors.some(({ code }) => code === 'picture-unknown');
    const again = lost && held.failed === 0 && held.pictures.every(({ jpeg }) => jpeg !== null);
    const pictures: Picture[] = lost ? held.pictures.map((picture) => ({ ...picture, sha256: null })) : held.pictures;
    await this.store.put(
      again ? { ...held, pictures, failed: 1 } : { ...held, pictures, failed: 0, state: 'refused', refused: reason(why) },
    );
    return null;
  }
}

function asRefused(fault: unknown): Refused {
  return fault instanceof Refused ? fault : new Refused(LOCAL.noAnswer, String(fault));
}

function reason({ code, message, detail, errors }: Refused): Why {
  const [first] = errors;
  return { code, title: message, detail, field: first ? `${first.pointer} ${first.code}` : null };
}
