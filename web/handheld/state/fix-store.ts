// Where fixes wait over a reload: a small IndexedDB database of this page. Hours of fixes do not fit
// localStorage. Without it (a private window) they wait in memory only.

import type { Mark, ReportedFix } from '../protocol';

export interface HeldFix {
  epoch: number;
  fix: ReportedFix;
}

export interface FixStore {
  add(held: HeldFix): void;
  /** Everything up to this one is not needed any more. */
  drop(mark: Mark): void;
}

const DATABASE = 'tiande.fixes';
const FIXES = 'fixes';
/** Older ones are of no use to anybody: the server takes what was measured in the last three days. */
const KEEP_MS = 72 * 3_600_000;

/** The key orders as the device counts. */
type FixKey = [epoch: number, seq: number];

export interface OpenedFixes {
  store: FixStore;
  kept: HeldFix[];
}

/** Opens the database and reads what waits; null when this browser has none. */
export async function openFixes(factory: IDBFactory | undefined, nowMs: number): Promise<OpenedFixes | null> {
  if (!factory) return null;
  try {
    const database = await open(factory);
    const all = await done<HeldFix[]>(database.transaction(FIXES).objectStore(FIXES).getAll());
    const kept = all.filter((held) => nowMs - held.fix.taken_at < KEEP_MS);
    const store = storeIn(database);
    const newestOld = all.filter((held) => nowMs - held.fix.taken_at >= KEEP_MS).pop();
    if (newestOld && kept.every((held) => isAfter(held, newestOld))) {
      store.drop({ epoch: newestOld.epoch, seq: newestOld.fix.seq });
    }
    return { store, kept };
  } catch {
    return null;
  }
}

/** An officer signs out of this phone: nothing of the way stays on it. */
export function forgetFixes(factory: IDBFactory | undefined): void {
  factory?.deleteDatabase(DATABASE);
}

function isAfter(a: HeldFix, b: HeldFix): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.fix.seq > b.fix.seq);
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(FIXES);
  return done(request);
}

function storeIn(database: IDBDatabase): FixStore {
  // A write that fails costs no more than what a reload would lose; the buffer in memory goes on.
  const change = (what: (fixes: IDBObjectStore) => void) => {
    try {
      what(database.transaction(FIXES, 'readwrite', { durability: 'relaxed' }).objectStore(FIXES));
    } catch {
      // The database was closed under us, as when the officer signs out.
    }
  };
  database.onversionchange = () => database.close();
  return {
    add: (held) => change((fixes) => fixes.put(held, [held.epoch, held.fix.seq] satisfies FixKey)),
    drop: (mark) => change((fixes) => fixes.delete(IDBKeyRange.upperBound([mark.epoch, mark.seq] satisfies FixKey))),
  };
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('no database'));
  });
}
