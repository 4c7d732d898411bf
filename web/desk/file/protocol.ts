// What GET /api/cases/{id}/file answers (PROTOCOL §11), with the names of the wire.

import { call } from '../../shared/http';
import type { Person } from '../../shared/protocol/shapes';
import { asNumber, asText, type Fields, fields, flag, list, maybe, number, text } from '../../shared/protocol/read';
import { type Closing, type Parts, readParts } from './parts';

export interface Party {
  number: number;
  role: string;
  name: string;
  phone: string;
  address: string;
  acts_for: number | null;
}

export interface Said {
  title: string;
  text: string;
  address: string;
}

export interface About {
  what: string;
  number: number;
}

export interface Running {
  node: string;
  round: number;
  due: number | null;
  overdue: boolean;
  provisional: boolean;
  zh: string;
  en: string;
  about: About | null;
  documents: string[];
}

export interface Step {
  seq: number;
  at: number;
  /** A name, or what stands for one; empty: the system. */
  by: string;
  party: number | null;
  part: string;
  act: Fields;
  words: Said;
}

export interface Condition {
  condition: string;
  missing: string[];
}

export interface Money {
  claimed: number;
  owed: number;
  frozen: number;
  held: number;
  recovered: number;
}

export interface CaseFile extends Parts {
  case: string;
  number: string;
  handler: Person | null;
  parties: Party[];
  money: Money;
  words: Map<string, Said>;
  nodes: Running[];
  conditions: Condition[];
  story: Step[];
  closing: Closing;
  now: number;
}

const line = (of: Fields, key: string): string => maybe(of, key, text) ?? '';

function said(value: unknown): Said {
  const of = fields(value, 'words');
  return { title: line(of, 'title'), text: line(of, 'text'), address: line(of, 'address') };
}

function party(value: unknown): Party {
  const of = fields(value, 'party');
  return {
    number: number(of, 'number'),
    role: text(of, 'role'),
    name: text(of, 'name'),
    phone: line(of, 'phone'),
    address: line(of, 'address'),
    acts_for: maybe(of, 'acts_for', number),
  };
}

function running(value: unknown): Running {
  const of = fields(value, 'node');
  return {
    node: text(of, 'node'),
    round: number(of, 'round'),
    due: maybe(of, 'due', number),
    overdue: flag(of, 'overdue'),
    provisional: flag(of, 'provisional'),
    zh: line(of, 'zh'),
    en: line(of, 'en'),
    about: maybe(of, 'about', (at, key) => {
      const about = fields(at[key], key);
      return { what: text(about, 'what'), number: number(about, 'number') };
    }),
    documents: of['documents'] === null ? [] : list(of, 'documents', asText),
  };
}

function step(value: unknown): Step {
  const of = fields(value, 'step');
  const by = maybe(of, 'by', (at, key) => fields(at[key], key)) ?? {};
  return {
    seq: number(of, 'seq'),
    at: number(of, 'at'),
    by: line(by, 'name') || line(by, 'officer').slice(0, 8),
    party: maybe(by, 'party', number),
    part: line(of, 'part'),
    act: maybe(of, 'act', (at, key) => fields(at[key], key)) ?? {},
    words: said(of['words']),
  };
}

export function readFile(answer: unknown): CaseFile {
  const of = fields(answer, 'file');
  const money = fields(of['money'], 'money');
  const words = Object.entries(fields(of['words'], 'words'));
  return {
    ...readParts(fields(of['state'], 'state')),
    case: text(of, 'case'),
    number: text(of, 'number'),
    handler: maybe(of, 'handler', (at, key) => {
      const who = fields(at[key], key);
      return { id: text(who, 'id'), name: line(who, 'name') };
    }),
    parties: list(of, 'parties', party),
    money: {
      claimed: number(money, 'claimed'),
      owed: number(money, 'owed'),
      frozen: number(money, 'frozen'),
      held: number(money, 'held'),
      recovered: number(money, 'recovered'),
    },
    words: new Map(words.map(([key, value]) => [key, said(value)])),
    nodes: list(of, 'nodes', running),
    conditions: list(of, 'conditions', (value) => {
      const one = fields(value, 'condition');
      return { condition: text(one, 'condition'), missing: list(one, 'missing', missing) };
    }),
    story: list(of, 'story', step),
    now: number(of, 'now'),
  };
}

/** What a condition lacks: a word, or one that says of whom or how many. */
function missing(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(asNumber(value));
  return Object.entries(fields(value, 'missing')).map(([key, of]) => `${key} ${String(of)}`).join(' ');
}

const path = (id: string): string => `/api/cases/${encodeURIComponent(id)}`;

export const loadFile = async (id: string): Promise<CaseFile> => readFile(await call<unknown>(`${path(id)}/file`));

/** What was made for the act and is shown this once; `null`: nothing. */
export async function act(id: string, body: Fields): Promise<string | null> {
  const answer = await call<{ secret: string } | undefined>(`${path(id)}/file`, { method: 'POST', body });
  return answer?.secret ?? null;
}

/** The case that a code names, or whose file it hands over. */
export async function byCode(where: 'codes' | 'handovers', code: string): Promise<string> {
  const answer = await call<unknown>(`/api/${where}`, { method: 'POST', body: { code } });
  return text(fields(answer, 'answer'), 'case');
}

export const paperPath = (id: string, paper: number): string => `${path(id)}/papers/${paper}`;
