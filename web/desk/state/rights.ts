// What a role may do here. The server decides (its access policy); this only keeps buttons away from
// those to whom it would say no.

import type { Escalation } from '../protocol/supervision';
import type { ListName } from './route.svelte';

export interface Rights {
  /** Sees all of the court and judges answers: director, president, discipline. */
  supervises: boolean;
  /** Has cases: judges and clerks. */
  handles: boolean;
  /** Gives a case to another handler: directors. */
  moves: boolean;
  /** Is alarmed when an emergency's clock runs out: director, president. */
  alarmed: boolean;
}

/** Which lists are shown to those who may enter. */
export function mayList(name: ListName, rights: Rights): boolean {
  if (name === 'clocks') return rights.alarmed;
  return name !== 'load' || rights.supervises;
}

export type EscalationAct = 'acknowledge' | 'answer' | 'accept' | 'return' | 'close';

const SUPERVISORS = ['director', 'president', 'discipline'];
const ALARMED = ['director', 'president'];
const HANDLERS = ['judge', 'clerk'];

export function rightsOf(roles: readonly string[]): Rights {
  const holds = (some: readonly string[]) => roles.some((role) => some.includes(role));
  return {
    supervises: holds(SUPERVISORS),
    handles: holds(HANDLERS),
    moves: holds(['director']),
    alarmed: holds(ALARMED),
  };
}

export const mayEnter = (rights: Rights): boolean => rights.supervises || rights.handles;

/** What somebody may do about an escalation as it stands; nobody judges the own answer. */
export function actsOn(row: Escalation, rights: Rights, me: string): EscalationAct[] {
  const own = row.handler?.id === me;
  const acts: EscalationAct[] = [];
  if (rights.handles && own && row.status === 'owed') acts.push('answer');
  if (!rights.supervises) return acts;
  if (row.acknowledged === null) acts.push('acknowledge');
  if (own) return acts;
  if (row.status === 'answered') acts.push('accept', 'return');
  acts.push('close');
  return acts;
}

/** Who must say why. */
export const needsWords = (act: EscalationAct): boolean => act === 'answer' || act === 'return' || act === 'close';
