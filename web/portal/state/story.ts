// What is derived from a case for its screens.

import type { CaseView, Message, News, Paper, Words } from '../protocol/case';

/** Newest first, whatever order they came in. */
export const newestFirst = (news: readonly News[]): News[] => [...news].sort((a, b) => b.reached - a.reached);

/** One of several: the same may be told more than once. */
export const newsKey = (one: News): string => `${one.topic}/${one.code}/${one.number}/${one.reached}`;

export function wordsOf(view: CaseView, key: string): Words | null {
  return view.dealings?.words.get(key) ?? null;
}

export const oldestFirst = (messages: readonly Message[]): Message[] =>
  [...messages].sort((a, b) => a.message - b.message);

/** Messages of the court that this party has not read. */
export function unread(view: CaseView): number {
  const { messages = [], read = 0 } = view.dealings ?? {};
  return messages.filter((one) => !one.from_party && one.message > read).length;
}

/** The last message of the court; 0 when there is none. */
export const lastOfCourt = (messages: readonly Message[]): number =>
  messages.reduce((last, one) => (one.from_party ? last : Math.max(last, one.message)), 0);

/** Papers of the court, or of this party; newest first. */
export function papersOf(view: CaseView, fromCourt: boolean): Paper[] {
  const own = (view.dealings?.papers ?? []).filter((paper) => paper.from_court === fromCourt);
  return own.sort((a, b) => b.paper - a.paper);
}

/** What this party has told the court of, newest first. */
export function leadsOf(view: CaseView): { lead: number; words: Words }[] {
  const found = [...(view.dealings?.words ?? [])].flatMap(([key, words]) => {
    const lead = /^lead:(\d+)$/.exec(key)?.[1];
    return lead === undefined ? [] : [{ lead: Number(lead), words }];
  });
  return found.sort((a, b) => b.lead - a.lead);
}

export const receiptPath = (seq: number): string => `/api/portal/receipts/${seq}`;
export const paperPath = (paper: number): string => `/api/portal/papers/${paper}`;
