// What /api/supervision/alarms answers (PROTOCOL §2), with the names of the wire.

import { fields, flag, list, maybe, number, text } from '../../shared/protocol/read';

/** An alarm that nobody of its office has taken note of. */
export interface OpenAlarm {
  alarm: string;
  level: string;
  kind: string;
  /** Which clock of an emergency, with its names. */
  node: string | null;
  zh: string | null;
  en: string | null;
  incident: string | null;
  number: string | null;
  incident_kind: string | null;
  /** Of a drill. */
  exercise: boolean;
  raised: number;
}

export interface OpenAlarms {
  now: number;
  alarms: OpenAlarm[];
}

function openAlarm(value: unknown): OpenAlarm {
  const row = fields(value, 'alarm');
  return {
    alarm: text(row, 'alarm'),
    level: text(row, 'level'),
    kind: text(row, 'kind'),
    node: maybe(row, 'node', text),
    zh: maybe(row, 'zh', text),
    en: maybe(row, 'en', text),
    incident: maybe(row, 'incident', text),
    number: maybe(row, 'number', text),
    incident_kind: maybe(row, 'incident_kind', text),
    exercise: flag(row, 'exercise'),
    raised: number(row, 'raised'),
  };
}

export function readAlarms(answer: unknown): OpenAlarms {
  const of = fields(answer, 'alarms');
  return { now: number(of, 'now'), alarms: list(of, 'alarms', openAlarm) };
}
