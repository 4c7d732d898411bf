// Commands survive a reload: an SOS pressed without network must go out even if the phone restarts
// the page before the network is back.

import type { OutboxEntry, OutboxStore } from '../../shared/outbox';

const KEY = 'tiande.outbox';
/** Older ones would surprise: nobody expects yesterday's "on duty" today. */
const KEEP_MS = 12 * 3_600_000;

export const localOutbox: OutboxStore = {
  load() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]') as OutboxEntry[];
      return kept.filter((entry) => Date.now() - entry.at < KEEP_MS);
    } catch {
      return [];
    }
  },
  save(entries) {
    localStorage.setItem(KEY, JSON.stringify(entries));
  },
};
