// Why something shows nothing: a code, for which the page has words.

export type Why =
  | 'unreadable'
  | 'recordChanged'
  | 'hashUnknown'
  | 'otherKey'
  | 'incomplete'
  | 'rootSignature'
  | 'rootOfOtherCourt'
  | 'rootElsewhere'
  | 'otherSize'
  | 'otherRoot'
  | 'promiseElsewhere'
  | 'promiseSignature'
  | 'keptUnreadable'
  | 'keptSignature'
  | 'keptFork'
  | 'keptBroken'
  | 'notKept'
  | 'contradicts'
  | 'noFile'
  | 'otherFile'
  | 'otherCourt'
  | 'broken'
  | 'keyUnreadable';

export class Refused extends Error {
  constructor(
    readonly why: Why,
    readonly params: Record<string, string | number> = {},
  ) {
    super(why);
  }
}

export function need(good: boolean, why: Why, params?: Record<string, string | number>): void {
  if (!good) throw new Refused(why, params);
}
