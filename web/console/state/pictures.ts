// Pictures that came with tips, as far as a console sees them: small copies without metadata.

import { bytes, call } from '../../shared/http';
import { Refused } from '../../shared/refused';

/** A server that is painting others' pictures is asked so often, and each time a little later. */
const TRIES = 4;
const WAIT_S = 2;

/** Where a copy of a tip's picture is; `n` from 0. */
export function pictureAddress(court: string, tip: string, n: number): string {
  return `/api/courts/${encodeURIComponent(court)}/tips/${encodeURIComponent(tip)}/pictures/${n}`;
}

/** How many pictures a tip came with. Throws `Refused`. */
export async function pictureCount(tip: string): Promise<number> {
  const { pictures } = await call<{ pictures: number }>(`/api/tips/${encodeURIComponent(tip)}`);
  return pictures;
}

/** The small copy, as an address for an image that its user has to revoke. Throws `Refused`. */
export async function loadPreview(address: string, alive: () => boolean): Promise<string> {
  for (let tried = 1; ; tried += 1) {
    try {
      return URL.createObjectURL(await bytes(`${address}?preview`));
    } catch (error) {
      const busy = error instanceof Refused && error.code === 'overloaded';
      if (!busy || tried === TRIES || !alive()) throw error;
      const seconds = Math.max(error.retryAfterS ?? 0, WAIT_S * tried);
      await new Promise((done) => window.setTimeout(done, seconds * 1000));
    }
  }
}
