// Handing in a file, with how far it is: `fetch` says nothing of that, so it goes by XMLHttpRequest.

import { refusedBy } from '../../shared/http';
import { LOCAL, Refused } from '../../shared/refused';
import { readDone } from '../protocol/case';

export const BYTES_MAX = 50 * 1024 * 1024;
/** Characters of what it shows: it goes in the address, which everything between here and the court must take. */
export const NOTE_MAX = 500;
/** A little longer than the server waits. */
const PATIENCE_MS = 310_000;

const TYPES: Record<string, string> = {
  pdf: 'application/pdf',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  txt: 'text/plain',
};
export const ACCEPT = '.pdf,.jpg,.jpeg,.png,.webp,.txt,application/pdf,image/jpeg,image/png,image/webp,text/plain';

/** What a file is for the server; `null`: it does not take that. Some browsers name no type. */
export function typeOf(file: { name: string; type: string }): string | null {
  const named = file.type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (Object.values(TYPES).includes(named)) return named;
  if (named !== '' && named !== 'application/octet-stream') return null;
  return TYPES[/\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''] ?? null;
}

/** A title from a file's name, as a beginning. */
export const titleOf = (name: string): string => name.replace(/\.[^.]{1,5}$/, '').trim().slice(0, 100);

/** 1.4 MB */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Digits of a hash in groups of four, which can be read aloud. */
export const groups = (hex: string): string => hex.replace(/(.{4})(?=.)/g, '$1 ');

export interface Received {
  receipt: number | null;
  sha256: string;
  title: string;
  /** What this phone has computed is the same; `null` where a browser cannot. */
  same: boolean | null;
}

/** SHA-256 as this phone computes it; `null` without a secure connection. */
async function ownHash(file: Blob): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null;
  try {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return null;
  }
}

export class HandIn {
  file = $state.raw<File | null>(null);
  title = $state('');
  note = $state('');
  /** Why the file cannot be sent, before it is. */
  unfit = $state<'type' | 'size' | 'empty' | null>(null);
  /** 0 to 1 while it is on its way. */
  done = $state<number | null>(null);
  refused = $state.raw<unknown>(null);
  received = $state.raw<Received | null>(null);
  private request: XMLHttpRequest | null = null;

  choose(file: File): void {
    this.received = null;
    this.refused = null;
    this.unfit = null;
    if (typeOf(file) === null) this.unfit = 'type';
    else if (file.size === 0) this.unfit = 'empty';
    else if (file.size > BYTES_MAX) this.unfit = 'size';
    this.file = this.unfit === null ? file : null;
    if (this.file && this.title.trim() === '') this.title = titleOf(file.name);
  }

  /** Gives true when it was received. */
  async send(): Promise<boolean> {
    const file = this.file;
    const type = file && typeOf(file);
    if (!file || !type || this.done !== null) return false;
    const title = this.title.trim();
    this.done = 0;
    this.refused = null;
    try {
      const { receipt, sha256 } = readDone(await this.post(file, type, title));
      const own = await ownHash(file);
      this.received = { receipt, sha256: sha256 ?? '', title, same: own === null ? null : own === sha256 };
      this.file = null;
      this.title = '';
      this.note = '';
      return true;
    } catch (error) {
      this.refused = error;
      return false;
    } finally {
      this.done = null;
      this.request = null;
    }
  }

  stop(): void {
    this.request?.abort();
  }

  private post(file: File, type: string, title: string): Promise<unknown> {
    const query = new URLSearchParams({ title, text: this.note.trim() });
    const request = new XMLHttpRequest();
    this.request = request;
    return new Promise((received, fail) => {
      request.open('POST', `/api/portal/papers?${query.toString()}`);
      request.setRequestHeader('Accept', 'application/json');
      request.setRequestHeader('Content-Type', type);
      request.timeout = PATIENCE_MS;
      request.upload.onprogress = ({ loaded, total }) => {
        this.done = total > 0 ? loaded / total : 0;
      };
      request.onload = () => {
        const answer = parsed(request.responseText);
        if (request.status === 201) received(answer);
        else fail(refusedBy(answer, request.status, request.statusText, request.getResponseHeader('Retry-After')));
      };
      request.onabort = () => fail(new Refused(STOPPED, 'stopped'));
      // When all of it had gone, only the answer is missing.
      request.onerror = request.ontimeout = () =>
        fail(new Refused(this.done === 1 ? LOCAL.noAnswer : LOCAL.unreachable, 'server not reachable'));
      request.send(file);
    });
  }
}

export const STOPPED = 'hand-in-stopped';

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
