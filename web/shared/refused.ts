// A request the server refused, by HTTP or by socket. `code` is stable, `title` is for people.

/** One fault of what was sent: where (a JSON pointer, RFC 6901) and a stable code. */
export interface FieldFault {
  pointer: string;
  code: string;
}

export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly code: string,
    title: string,
    readonly retryAfterS: number | null = null,
    readonly errors: readonly FieldFault[] = [],
    /** Why, in words of the rules, where they have some. */
    readonly detail: string | null = null,
  ) {
    super(title);
  }
}

/** Codes made by the page itself, when there is no answer of the server to show. */
export const LOCAL = {
  unreachable: 'unreachable',
  noAnswer: 'no-answer',
  unreadable: 'answer-unreadable',
} as const;
