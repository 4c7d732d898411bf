// Where measures and their pictures wait: an IndexedDB database of this page. A measure counts as kept only
// when the transaction is over. Without a database (a private window) they wait in memory only.

import { MEASURES_DATABASE } from '../state/field-part.svelte';
import type { Held } from './measure';

export interface MeasureStore {
  /** False when a reload loses everything. */
  readonly lasting: boolean;
  /** All of them, in the order of recording. */
  all(): Promise<Held[]>;
  put(held: Held): Promise<void>;
  drop(measure: string): Promise<void>;
}

const MEASURES = 'measures';

export async function openMeasures(factory: IDBFactory | undefined): Promise<MeasureStore> {
  if (!factory) return inMemory();
  try {
    const request = factory.open(MEASURES_DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(MEASURES, { keyPath: 'measure' });
    return inDatabase(await answer(request));
  } catch {
    return inMemory();
  }
}

export function inMemory(): MeasureStore {
  const kept = new Map<string, Held>();
  return {
    lasting: false,
    all: async () => [...kept.values()].map((held) => structuredClone(held)).sort(byOrder),
    put: async (held) => void kept.set(held.measure, structuredClone(held)),
    drop: async (measure) => void kept.delete(measure),
  };
}

function inDatabase(database: IDBDatabase): MeasureStore {
  // The officer signs out: the database is deleted under us.
  database.onversionchange = () => database.close();
  const change = (what: (measures: IDBObjectStore) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(MEASURES, 'readwrite', { durability: 'strict' });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('not kept'));
      what(transaction.objectStore(MEASURES));
    });
  return {
    lasting: true,
    all: async () => (await answer<Held[]>(database.transaction(MEASURES).objectStore(MEASURES).getAll())).sort(byOrder),
    put: (held) => change((measures) => measures.put(held)),
    drop: (measure) => change((measures) => measures.delete(measure)),
  };
}

const byOrder = (a: Held, b: Held): number => a.order - b.order;

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('no database'));
  });
}
