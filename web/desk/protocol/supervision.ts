// What /api/supervision/* answers (PROTOCOL §2), with the names of the wire.

import type { Person } from '../../shared/protocol/shapes';
import { asNumber, asText, type Fields, fields, flag, list, maybe, number, text } from '../../shared/protocol/read';

/** Something of a case that has a node: what both kinds of rows have in common. */
export interface OfCase {
  case: string;
  number: string;
  handler: Person | null;
  node: string;
  zh: string;
  en: string;
  round: number;
}

export interface DueNode extends OfCase {
  to_be_confirmed: boolean;
  due: number;
  warned: boolean;
  overdue: boolean;
  provisional: boolean;
}

export interface DueNodes {
  now: number;
  nodes: DueNode[];
}

export interface Act {
  by: Person | null;
  at: number;
}

export interface Escalation extends OfCase {
  status: string;
  offices: string[];
  raised: number;
  answer_by: number | null;
  climbs: number;
  acknowledged: Act | null;
  answered: Act | null;
  returned: number;
}

export interface Escalations {
  now: number;
  escalations: Escalation[];
}

/** Something that happened with an escalation. */
export interface Step {
  what: string;
  at: number;
  by: Person | null;
  words: string;
}

export interface HandlerLoad {
  handler: Person | null;
  overdue: number;
  by_day: number[];
}

export interface Load {
  days: string[];
  handlers: HandlerLoad[];
}

/** A node once in a list: one case may have it several times. */
export const keyOf = (row: OfCase): string => `${row.case}/${row.node}/${row.round}`;

function person(of: Fields, key: string): Person {
  const found = fields(of[key], key);
  return { id: text(found, 'id'), name: text(found, 'name') };
}

function ofCase(row: Fields): OfCase {
  return {
    case: text(row, 'case'),
    number: text(row, 'number'),
    handler: maybe(row, 'handler', person),
    node: text(row, 'node'),
    zh: text(row, 'zh'),
    en: text(row, 'en'),
    round: number(row, 'round'),
  };
}

function dueNode(value: unknown): DueNode {
  const row = fields(value, 'node');
  return {
    ...ofCase(row),
    to_be_confirmed: flag(row, 'to_be_confirmed'),
    due: number(row, 'due'),
    warned: flag(row, 'warned'),
    overdue: flag(row, 'overdue'),
    provisional: flag(row, 'provisional'),
  };
}

function act(of: Fields, key: string): Act {
  const found = fields(of[key], key);
  return { by: maybe(found, 'by', person), at: number(found, 'at') };
}

function escalation(value: unknown): Escalation {
  const row = fields(value, 'escalation');
  return {
    ...ofCase(row),
    status: text(row, 'status'),
    offices: list(row, 'offices', asText),
    raised: number(row, 'raised'),
    answer_by: maybe(row, 'answer_by', number),
    climbs: number(row, 'climbs'),
    acknowledged: maybe(row, 'acknowledged', act),
    answered: maybe(row, 'answered', act),
    returned: number(row, 'returned'),
  };
}

function step(value: unknown): Step {
  const row = fields(value, 'step');
  return { what: text(row, 'what'), at: number(row, 'at'), by: maybe(row, 'by', person), words: text(row, 'words') };
}

export function readStory(answer: unknown): Step[] {
  return list(fields(answer, 'story'), 'steps', step);
}

export function readNodes(answer: unknown): DueNodes {
  const of = fields(answer, 'nodes');
  return { now: number(of, 'now'), nodes: list(of, 'nodes', dueNode) };
}

export function readEscalations(answer: unknown): Escalations {
  const of = fields(answer, 'escalations');
  return { now: number(of, 'now'), escalations: list(of, 'escalations', escalation) };
}

export function readLoad(answer: unknown): Load {
  const of = fields(answer, 'load');
  return {
    days: list(of, 'days', asText),
    handlers: list(of, 'handlers', (value) => {
      const row = fields(value, 'handler');
      return {
        handler: maybe(row, 'handler', person),
        overdue: number(row, 'overdue'),
        by_day: list(row, 'by_day', asNumber),
      };
    }),
  };
}
