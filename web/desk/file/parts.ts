// How each part of a file stands: `state` of the answer.

import { asText, type Fields, fields, flag, list, maybe, number, text, unreadable } from '../../shared/protocol/read';

export interface Asset {
  asset: number;
  kind: string;
  estimate: number | null;
  /** Since when it is held; `null`: it is not. */
  since: number | null;
  /** Behind another court's control, without effect. */
  waiting: boolean;
  frozen: number | null;
  stage: string;
  round: number | null;
  outcome: string | null;
}

export interface Inquiry {
  inquiry: number;
  party: number;
  sent: number;
  found: number | null;
  failed: boolean;
}

export interface Lead {
  lead: number;
  useful: boolean | null;
}

export interface Link {
  link: number;
  party: number;
  purpose: string;
  until: number;
  revoked: boolean;
}

export interface Paper {
  paper: number;
  /** Who handed it in; `null`: the court issued it. */
  party: number | null;
  at: number;
  signed: number[];
  withdrawn: boolean;
}

export interface Service {
  paper: number;
  party: number;
  channel: string;
  sent: number;
  arrived: number | null;
}

export interface Appointment {
  appointment: number;
  party: number;
  at: number;
  deed: string;
}

export interface Item {
  item: number;
  party: number;
  topic: string;
  released: boolean;
}

export interface Petition {
  petition: number;
  received: number;
  settled: boolean | null;
}

export interface Entry {
  number: number;
  what: string;
  lines: { account: string; side: string; amount: number }[];
  document: string;
  reverses: number | null;
  at: number;
}

export interface Closing {
  intended: number | null;
  interviewed: boolean;
  asked: boolean;
  approved: boolean;
  closed: { how: string; at: number } | null;
  resumption: number | null;
  archived: boolean;
}

export interface Parts {
  basis: string | null;
  kind: string | null;
  docketed: number | null;
  holder: string | null;
  segment: string | null;
  offered: { segment: string; until: number } | null;
  links: Link[];
  inquiries: Inquiry[];
  leads: Lead[];
  restrictions: { restriction: string; party: number; deed: string }[];
  findings: string[];
  assets: Asset[];
  entries: Entry[];
  papers: Paper[];
  consents: Map<number, string[]>;
  services: Service[];
  appointments: Appointment[];
  situation: Item[];
  petitions: Petition[];
  closing: Closing;
}

const inner = (of: Fields, key: string): Fields => fields(of[key], key);

/** The first of a pair. */
const first = (of: Fields, key: string): number => {
  const pair: unknown = of[key];
  const one: unknown = Array.isArray(pair) ? pair[0] : null;
  return typeof one === 'number' ? one : unreadable(key);
};
const second = (of: Fields, key: string): unknown => (Array.isArray(of[key]) ? (of[key] as unknown[])[1] : unreadable(key));

function asset(value: unknown): Asset {
  const of = fields(value, 'asset');
  const control = maybe(of, 'control', inner);
  const sale = inner(of, 'sale');
  return {
    asset: number(of, 'asset'),
    kind: text(of, 'kind'),
    estimate: maybe(of, 'estimate', number),
    since: control && number(inner(control, 'from'), 'at'),
    waiting: control !== null && flag(control, 'waiting'),
    frozen: maybe(of, 'frozen', number),
    stage: text(sale, 'stage'),
    round: maybe(sale, 'round', number),
    outcome: maybe(of, 'outcome', text),
  };
}

function inquiry(value: unknown): Inquiry {
  const of = fields(value, 'inquiry');
  const found = maybe(of, 'answered', second);
  return {
    inquiry: number(of, 'inquiry'),
    party: number(of, 'party'),
    sent: number(of, 'sent'),
    found: typeof found === 'number' ? found : null,
    failed: flag(of, 'failed'),
  };
}

function paper(value: unknown): Paper {
  const of = fields(value, 'paper');
  return {
    paper: number(of, 'paper'),
    party: maybe(inner(of, 'origin'), 'party', number),
    at: number(of, 'at'),
    signed: list(of, 'signed', (one) => number(fields(one, 'signature'), 'party')),
    withdrawn: flag(of, 'withdrawn'),
  };
}

function service(value: unknown): Service {
  const of = fields(value, 'service');
  return {
    paper: number(of, 'paper'),
    party: number(of, 'party'),
    channel: text(of, 'channel'),
    sent: number(of, 'sent'),
    arrived: maybe(of, 'arrived', first),
  };
}

function entry(value: unknown): Entry {
  const of = fields(value, 'entry');
  return {
    number: number(of, 'number'),
    what: text(of, 'what'),
    lines: list(of, 'lines', (one) => {
      const line = fields(one, 'line');
      return { account: text(line, 'account'), side: text(line, 'side'), amount: number(line, 'amount') };
    }),
    document: text(of, 'document'),
    reverses: maybe(of, 'reverses', number),
    at: number(of, 'at'),
  };
}

function closing(of: Fields): Closing {
  return {
    intended: maybe(of, 'intended', number),
    interviewed: of['interview'] !== null,
    asked: of['asked'] !== null,
    approved: of['approved'] !== null,
    closed: maybe(of, 'closed', (at, key) => ({ how: text(inner(at, key), 'how'), at: number(inner(at, key), 'at') })),
    resumption: maybe(of, 'resumption', number),
    archived: flag(of, 'archived'),
  };
}

const numbered = <T>(what: string, read: (of: Fields) => T) => (value: unknown): T => read(fields(value, what));

export function readParts(of: Fields): Parts {
  const filing = maybe(of, 'filing', inner);
  const [hands, search, services] = [inner(of, 'hands'), inner(of, 'search'), inner(of, 'services')];
  const consents = Object.entries(inner(services, 'consents'));
  return {
    basis: filing && text(filing, 'basis'),
    kind: filing && text(filing, 'kind'),
    docketed: maybe(of, 'docketed', number),
    holder: maybe(hands, 'holder', text),
    segment: maybe(hands, 'segment', text),
    offered: maybe(hands, 'offer', (at, key) => ({ segment: text(inner(at, key), 'segment'), until: number(inner(at, key), 'until') })),
    links: list(of, 'links', numbered('link', (one) => ({
      link: number(one, 'link'), party: number(one, 'party'), purpose: text(one, 'purpose'),
      until: number(one, 'until'), revoked: flag(one, 'revoked'),
    }))),
    inquiries: list(search, 'inquiries', inquiry),
    leads: list(search, 'leads', numbered('lead', (one) => ({ lead: number(one, 'lead'), useful: maybe(one, 'useful', flag) }))),
    restrictions: list(search, 'restrictions', (value) => {
      const [restriction, party, deed] = Array.isArray(value) ? (value as unknown[]) : unreadable('restriction');
      return { restriction: asText(restriction), party: Number(party), deed: asText(deed) };
    }),
    findings: list(search, 'findings', asText),
    assets: list(of, 'assets', asset),
    entries: list(inner(of, 'money'), 'entries', entry),
    papers: list(of, 'papers', paper),
    consents: new Map(consents.map(([party, one]) => [Number(party), list(fields(one, 'consent'), 'channels', asText)])),
    services: list(services, 'sent', service),
    appointments: list(of, 'appointments', numbered('appointment', (one) => ({
      appointment: number(one, 'appointment'), party: number(one, 'party'), at: number(one, 'at'), deed: text(one, 'deed'),
    }))),
    situation: list(of, 'situation', numbered('item', (one) => ({
      item: number(one, 'item'), party: number(one, 'party'), topic: text(one, 'topic'), released: flag(one, 'released'),
    }))),
    petitions: list(of, 'petitions', numbered('petition', (one) => {
      const settled = maybe(one, 'answered', second);
      return { petition: number(one, 'petition'), received: number(one, 'received'), settled: typeof settled === 'boolean' ? settled : null };
    })),
    closing: closing(inner(of, 'closing')),
  };
}
