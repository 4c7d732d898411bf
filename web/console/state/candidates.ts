// Which of the considered officers a dispatcher may choose, and by which key.

import type { Considered, Verdict } from '../../shared/protocol/shapes';

/** `order`: assigned at once. `confirm`: only after a second, explicit yes. `never`: no key. */
export type Choice = 'order' | 'stack' | 'confirm' | 'never';

const CHOICES: Record<Verdict, Choice> = {
  asked: 'order',
  already_asked: 'order',
  committed: 'stack',
  offered_elsewhere: 'confirm',
  fix_stale: 'confirm',
  fix_inaccurate: 'confirm',
  no_fix: 'confirm',
  lacks_skill: 'confirm',
  busy: 'confirm',
  on_break: 'confirm',
  out_of_contact: 'confirm',
  off_duty: 'never',
  conflict_of_interest: 'never',
  other_court: 'never',
};

const KEYS = 9;

export interface Candidate extends Considered {
  choice: Choice;
  key: number | null;
}

/** Keys 1 … 9 go to the nearest who may be chosen, whatever stands between them in the list. */
export function withKeys(considered: readonly Considered[], crew: readonly string[]): Candidate[] {
  let next = 1;
  return considered.map((row) => {
    const choice: Choice = crew.includes(row.officer) ? 'never' : (CHOICES[row.verdict] ?? 'never');
    const key = choice !== 'never' && next <= KEYS ? next++ : null;
    return { ...row, choice, key };
  });
}
