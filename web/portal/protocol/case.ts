// What /api/portal/case answers, with the names of the wire.

import { asText, type Fields, fields, flag, list, maybe, number, text, unreadable } from '../../shared/protocol/read';

/** Something that this party was told. */
export interface News {
  topic: string;
  code: string;
  number: number;
  reached: number;
  telling: string;
  node: { zh: string; en: string } | null;
}

export interface Message {
  message: number;
  from_party: boolean;
  at: number;
  text: string;
  /** Its record, for the receipt. */
  seq: number;
}

export interface Paper {
  paper: number;
  /** The court issued it; else this party handed it in. */
  from_court: boolean;
  at: number;
  signed: boolean;
  sha256: string;
  served: number | null;
}

export interface Appointment {
  appointment: number;
  at: number;
  deed: string;
}

export interface SituationItem {
  item: number;
  topic: string;
}

/** What was said of something, by its key: `paper:1`, `lead:2`, `appointment:1`, `item:3`. */
export interface Words {
  title: string;
  text: string;
  address: string;
  seq: number;
}

export interface Consent {
  channels: string[];
  since: number;
}

export interface Money {
  claimed: number;
  recovered: number;
  held: number;
}

/** What only who came in as a party sees. */
export interface Dealings {
  words: Map<string, Words>;
  messages: Message[];
  /** Up to which message of the court this party has read. */
  read: number;
  papers: Paper[];
  appointments: Appointment[];
  situation: SituationItem[];
  consent: Consent | null;
}

export interface CaseView {
  court: { id: string; name: string };
  number: string;
  handler: string | null;
  party: { number: number; role: string; name: string; applicant: boolean; purpose: string };
  news: News[];
  now: number;
  money: Money | null;
  closed: { how: string; at: number } | null;
  /** `null`: the link is for looking on. */
  dealings: Dealings | null;
}

function news(value: unknown): News {
  const row = fields(value, 'news');
  return {
    topic: text(row, 'topic'),
    code: text(row, 'code'),
    number: number(row, 'number'),
    reached: number(row, 'reached'),
    telling: text(row, 'telling'),
    node: maybe(row, 'node', (of, key) => {
      const node = fields(of[key], key);
      return { zh: text(node, 'zh'), en: text(node, 'en') };
    }),
  };
}

function message(value: unknown): Message {
  const row = fields(value, 'message');
  return {
    message: number(row, 'message'),
    from_party: flag(row, 'from_party'),
    at: number(row, 'at'),
    text: text(row, 'text'),
    seq: number(row, 'seq'),
  };
}

function paper(value: unknown): Paper {
  const row = fields(value, 'paper');
  const from = text(fields(row['origin'], 'origin'), 'from');
  if (from !== 'court' && from !== 'party') return unreadable('origin');
  return {
    paper: number(row, 'paper'),
    from_court: from === 'court',
    at: number(row, 'at'),
    signed: flag(row, 'signed'),
    sha256: text(row, 'sha256'),
    served: maybe(row, 'served', number),
  };
}

function appointment(value: unknown): Appointment {
  const row = fields(value, 'appointment');
  return { appointment: number(row, 'appointment'), at: number(row, 'at'), deed: text(row, 'deed') };
}

function item(value: unknown): SituationItem {
  const row = fields(value, 'item');
  return { item: number(row, 'item'), topic: text(row, 'topic') };
}

/** Empty words are left out on the wire. */
function said(value: unknown): Words {
  const row = fields(value, 'words');
  const of = (key: string): string => maybe(row, key, text) ?? '';
  return { title: of('title'), text: of('text'), address: of('address'), seq: number(row, 'seq') };
}

function words(of: Fields, key: string): Map<string, Words> {
  return new Map(Object.entries(fields(of[key], key)).map(([name, value]) => [name, said(value)]));
}

function consent(of: Fields, key: string): Consent {
  const row = fields(of[key], key);
  return { channels: list(row, 'channels', asText), since: number(row, 'since') };
}

function money(of: Fields, key: string): Money {
  const row = fields(of[key], key);
  return { claimed: number(row, 'claimed'), recovered: number(row, 'recovered'), held: number(row, 'held') };
}

/** How and when, as a pair. */
function closed(of: Fields, key: string): { how: string; at: number } {
  const pair = of[key];
  if (!Array.isArray(pair) || typeof pair[0] !== 'string' || typeof pair[1] !== 'number') return unreadable(key);
  return { how: pair[0], at: pair[1] };
}

function dealings(of: Fields): Dealings {
  return {
    words: words(of, 'words'),
    messages: list(of, 'messages', message),
    read: number(of, 'read'),
    papers: list(of, 'papers', paper),
    appointments: list(of, 'appointments', appointment),
    situation: list(of, 'situation', item),
    consent: maybe(of, 'consent', consent),
  };
}

export function readCase(answer: unknown): CaseView {
  const of = fields(answer, 'case');
  const court = fields(of['court'], 'court');
  const party = fields(of['party'], 'party');
  const purpose = text(party, 'purpose');
  const isParty = purpose === 'party' && of['messages'] !== undefined;
  return {
    court: { id: text(court, 'id'), name: maybe(court, 'name', text) ?? text(court, 'id') },
    number: maybe(of, 'number', text) ?? '',
    handler: maybe(of, 'handler', text),
    party: {
      number: number(party, 'number'),
      role: text(party, 'role'),
      name: maybe(party, 'name', text) ?? '',
      applicant: flag(party, 'applicant'),
      purpose,
    },
    news: list(of, 'news', news),
    now: number(of, 'now'),
    money: maybe(of, 'money', money),
    closed: maybe(of, 'closed', closed),
    dealings: isParty ? dealings(of) : null,
  };
}

/** The record of what was just done; `null` when nothing changed. */
export function readDone(answer: unknown): { receipt: number | null; sha256: string | null } {
  const of = fields(answer, 'done');
  return { receipt: maybe(of, 'receipt', number), sha256: maybe(of, 'sha256', text) };
}
