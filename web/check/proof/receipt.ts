// Holds a receipt, or a proof of consistency, against what somebody has. Needs no network.

import { bytesOf, hexOf, joined, maybe, number, sha256, text } from './bytes';
import { need, Refused } from './refused';
import { isSame, isSigned, isSignedBy, KeptRoots } from './roots';
import { type Consistency, isConsistency, isReceipt, json, type Receipt, type RecordShape, type RootShape } from './shapes';
import { sm3 } from './sm3';
import { goesOn, leafHash, rootWith } from './trees';

/** What it is held against. */
export interface Against {
  /** The court's key, from elsewhere than the receipt. */
  key?: string | undefined;
  /** Lines of roots that were kept. */
  roots?: string | undefined;
  /** SHA-256 of the file that was handed in. */
  file?: string | undefined;
}

/** What was shown, one after the other; the page has words for each. */
export type Step =
  | { what: 'record' | 'underRoot' | 'promised' | 'file' | 'goesOn'; params: Record<string, string | number> }
  | { what: 'kept'; params: { number: number; count: number } }
  | { what: 'key'; params: Record<string, never> };
/** What was not shown. */
export type Note = 'noRoots' | 'noKey' | 'onlyPromise';

export interface Shown {
  of: Receipt | Consistency;
  steps: Step[];
  notes: Note[];
}

export function recordHash(record: RecordShape): string {
  const message = joined([
    number(record.position),
    text(record.court),
    text(record.stream),
    number(record.seq),
    number(record.epoch),
    text(record.kind),
    number(record.schema_version, 2),
    number(record.at_ms),
    text(record.by),
    maybe(record.why === null ? null : text(record.why)),
    text(record.hash_alg),
    bytesOf(record.prev_hash),
    maybe(record.subject === null ? null : bytesOf(record.subject)),
    text(record.body),
    maybe(record.sealed === null ? null : bytesOf(record.sealed)),
  ]);
  const functions: Record<string, (bytes: Uint8Array) => Uint8Array> = { sha256, sm3 };
  const hash = functions[record.hash_alg];
  if (!hash) throw new Refused('hashUnknown');
  const domain = text('tiande-journal-v1');
  const whole = new Uint8Array(domain.length + message.length);
  whole.set(domain);
  whole.set(message, domain.length);
  return hexOf(hash(whole));
}

/** What stands under `sha256` in the body, wherever. */
export function papersOf(record: RecordShape): string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'sha256' && typeof inner === 'string') found.push(inner);
      walk(inner);
    }
  };
  try {
    walk(JSON.parse(record.body));
  } catch {
    return [];
  }
  return found;
}

function underRoot({ record, hash }: Receipt, root: RootShape, way: NonNullable<Receipt['inclusion']>, key: string): void {
  need(isSigned(root, key), 'rootSignature');
  need(root.court === record.court, 'rootOfOtherCourt');
  need(root.first <= record.position && record.position <= root.last, 'rootElsewhere');
  need(way.size === root.size, 'otherSize');
  need(rootWith(leafHash(bytesOf(hash)), way) === root.root, 'otherRoot');
}

function checkReceipt(receipt: Receipt, against: Against): Shown {
  const { record, root, inclusion, promise, public_key: key } = receipt;
  need(recordHash(record) === receipt.hash, 'recordChanged');
  need(!against.key || against.key === key, 'otherKey');
  const kept = against.roots === undefined ? null : new KeptRoots(against.roots, key);
  const steps: Step[] = [{ what: 'record', params: { stream: record.stream, seq: record.seq } }];
  const notes: Note[] = [];
  if (root && inclusion && !promise) {
    underRoot(receipt, root, inclusion, key);
    const params = { number: root.number, court: root.court, day: root.day, at: inclusion.index + 1, size: root.size };
    steps.push({ what: 'underRoot', params });
    if (kept) {
      const mine = kept.get(root.court, root.number);
      if (mine === undefined) throw new Refused('notKept', { number: root.number });
      need(isSame(mine, root), 'contradicts', { number: root.number });
      steps.push({ what: 'kept', params: { number: root.number, count: kept.size } });
    } else {
      notes.push('noRoots');
    }
  } else {
    if (root || inclusion || !promise) throw new Refused('incomplete');
    need(promise.hash === receipt.hash && promise.court === record.court, 'promiseElsewhere');
    const message = joined([
      text('tiande-promise-v1'),
      text(promise.court),
      bytesOf(promise.hash),
      number(promise.at_ms),
      number(promise.due_ms),
    ]);
    need(isSignedBy(key, message, promise.signature), 'promiseSignature');
    steps.push({ what: 'promised', params: { court: promise.court, due: promise.due_ms } });
    notes.push('onlyPromise');
  }
  if (against.file !== undefined) {
    const papers = papersOf(record);
    need(papers.length > 0, 'noFile');
    need(papers.includes(against.file), 'otherFile');
    steps.push({ what: 'file', params: { hash: against.file } });
  }
  if (against.key) steps.push({ what: 'key', params: {} });
  else notes.push('noKey');
  return { of: receipt, steps, notes };
}

function checkConsistency(proof: Consistency, against: Against): Shown {
  const { first, second, path, public_key: key } = proof;
  need(!against.key || against.key === key, 'otherKey');
  need(isSigned(first, key) && isSigned(second, key), 'rootSignature');
  need(first.court === second.court, 'otherCourt');
  need(goesOn(first, second, path), 'broken');
  const steps: Step[] = [{ what: 'goesOn', params: { court: first.court, first: first.number, second: second.number } }];
  const notes: Note[] = [];
  if (against.roots === undefined) {
    notes.push('noRoots');
  } else {
    const kept = new KeptRoots(against.roots, key);
    const mine = kept.get(first.court, first.number);
    if (mine === undefined) throw new Refused('notKept', { number: first.number });
    need(isSame(mine, first), 'contradicts', { number: first.number });
    steps.push({ what: 'kept', params: { number: first.number, count: kept.size } });
  }
  if (against.key) steps.push({ what: 'key', params: {} });
  else notes.push('noKey');
  return { of: proof, steps, notes };
}

/** Checks what a file holds. Throws `Refused`. */
export function check(bytes: Uint8Array, against: Against): Shown {
  const value = json(bytes);
  if (isReceipt(value)) return checkReceipt(value as Receipt, against);
  if (isConsistency(value)) return checkConsistency(value as Consistency, against);
  throw new Refused('unreadable');
}
