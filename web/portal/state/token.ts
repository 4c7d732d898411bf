// What a code's address carries behind the #, where no server and no log sees it.

export type Shown =
  /** An access link: opens one case for one party. */
  | { kind: 'access'; token: string }
  /** A case's identity code: names the file to the court, and opens nothing. */
  | { kind: 'identity' }
  /** A hand-over code between members of staff. */
  | { kind: 'handover' }
  /** Something else, perhaps cut off on its way. */
  | { kind: 'unknown' };

/** A kind, a 1, and 32 bytes in base64url. */
const SHAPE = /^([pih])1[A-Za-z0-9_-]{43}$/;
const KINDS = { p: 'access', i: 'identity', h: 'handover' } as const;

function kindOf(token: string): Shown {
  const letter = SHAPE.exec(token)?.[1] as keyof typeof KINDS | undefined;
  if (letter === undefined) return { kind: 'unknown' };
  const kind = KINDS[letter];
  return kind === 'access' ? { kind, token } : { kind };
}

/** Of an address's part behind the #; `null` when it names no code. */
export function shownBy(hash: string): Shown | null {
  const token = /^#t=(.*)$/.exec(hash)?.[1];
  return token === undefined ? null : kindOf(token.trim());
}

/** Of what somebody typed or pasted: a whole address, perhaps with words around it, or the code alone. */
export function pasted(text: string): Shown {
  const token = /#t=([A-Za-z0-9_-]+)/.exec(text)?.[1];
  return kindOf(token ?? text.trim());
}
