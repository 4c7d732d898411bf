// What /api/procedure and /api/procedure/due answer (PROTOCOL §2), as far as the calculator shows it.

import { asText, type Fields, fields, flag, list, maybe, number, text, unreadable } from '../../shared/protocol/read';

export interface Words {
  zh: string;
  en: string;
}

export interface Reason extends Words {
  code: string;
  article: string;
}

export interface ProcedureNode extends Words {
  code: string;
  kind: string;
  /** What its clock starts with. */
  start: Words;
  limit: { count: number; unit: string };
  rounds: number | null;
  suspended_by: string[];
  article: string;
  must_be_confirmed: boolean;
  note: string | null;
  counsel: string | null;
}

export interface Version {
  name: string;
  version: number;
}

export interface Procedure {
  procedure: Version;
  calendar: Version & { last_year: number };
  reasons: Reason[];
  nodes: ProcedureNode[];
}

export interface Rule extends Words {
  rule: string;
  article: string;
}

export interface Due extends Words {
  node: string;
  kind: string;
  from: string;
  due: string | null;
  warn: string[];
  provisional: boolean;
  paused_since: string | null;
  unrolled: string | null;
  rules: Rule[];
  article: string;
  rank: string;
  sure: string;
  must_be_confirmed: boolean;
  counsel: string | null;
  recurrences: string[];
  procedure: Version;
  calendar: Version & { last_year: number };
}

const words = (of: Fields): Words => ({ zh: text(of, 'zh'), en: text(of, 'en') });

function version(of: Fields, key: string): Version {
  const found = fields(of[key], key);
  return { name: text(found, 'name'), version: number(found, 'version') };
}

function calendar(of: Fields): Version & { last_year: number } {
  return { ...version(of, 'calendar'), last_year: number(fields(of['calendar'], 'calendar'), 'last_year') };
}

/** An event of the table, or what the node itself says: the day on which another was done, or its end. */
function start(of: Fields, events: Fields): Words {
  const found = fields(of['start'], 'start');
  const event = maybe(found, 'event', text);
  return words(event === null ? found : fields(events[event], `event ${event}`));
}

function node(value: unknown, events: Fields): ProcedureNode {
  const of = fields(value, 'node');
  const limit = fields(of['limit'], 'limit');
  return {
    ...words(of),
    code: text(of, 'code'),
    kind: text(of, 'kind'),
    start: start(of, events),
    limit: { count: number(limit, 'count'), unit: text(limit, 'unit') },
    rounds: maybe(of, 'rounds', number),
    suspended_by: list(of, 'suspended_by', asText),
    article: text(of, 'article'),
    must_be_confirmed: flag(of, 'must_be_confirmed'),
    note: maybe(of, 'note', text),
    counsel: maybe(of, 'counsel', text),
  };
}

export function readProcedure(answer: unknown): Procedure {
  const of = fields(answer, 'procedure');
  const events = fields(of['events'], 'events');
  const reasons = Object.entries(fields(of['reasons'], 'reasons')).map(([code, value]) => {
    const reason = fields(value, code);
    return { ...words(reason), code, article: text(reason, 'article') };
  });
  const nodes = list(of, 'nodes', (one) => node(one, events));
  if (nodes.length === 0) return unreadable('nodes');
  return { procedure: version(of, 'procedure'), calendar: calendar(of), reasons, nodes };
}

export function readDue(answer: unknown): Due {
  const of = fields(answer, 'due');
  return {
    ...words(of),
    node: text(of, 'node'),
    kind: text(of, 'kind'),
    from: text(of, 'from'),
    due: maybe(of, 'due', text),
    warn: list(of, 'warn', asText),
    provisional: flag(of, 'provisional'),
    paused_since: maybe(of, 'paused_since', text),
    unrolled: maybe(of, 'unrolled', text),
    rules: list(of, 'rules', (value) => {
      const rule = fields(value, 'rule');
      return { ...words(rule), rule: text(rule, 'rule'), article: text(rule, 'article') };
    }),
    article: text(of, 'article'),
    rank: text(of, 'rank'),
    sure: text(of, 'sure'),
    must_be_confirmed: flag(of, 'must_be_confirmed'),
    counsel: maybe(of, 'counsel', text),
    recurrences: maybe(of, 'recurrences', (found, key) => list(found, key, asText)) ?? [],
    procedure: version(of, 'procedure'),
    calendar: calendar(of),
  };
}
