// A request the server refused, by HTTP or by socket. `code` is stable, `title` is for people.

export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly code: string,
    title: string,
    readonly retryAfterS: number | null = null,
  ) {
    super(title);
  }
}

/** Codes made by the page itself, when there is no answer of the server to show. */
export const LOCAL = {
  unreachable: 'unreachable',
  noAnswer: 'no-answer',
} as const;
