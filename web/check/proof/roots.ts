// Signed roots, and those that somebody has kept: lines of a court's file, or texts of its QR codes.

import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesOf, joined, number, text } from './bytes';
import { need, Refused } from './refused';
import { isRoot, json, type RootShape } from './shapes';
import { leafHash, Peaks } from './trees';

const fields = (root: RootShape, format: string): Uint8Array[] => [
  text(format),
  text(root.court),
  number(root.number),
  text(root.day),
  number(root.first),
  number(root.last),
  number(root.size),
  bytesOf(root.root),
  number(root.at_ms),
];

export function isSignedBy(key: string, message: Uint8Array, signature: string): boolean {
  try {
    return ed25519.verify(bytesOf(signature), message, bytesOf(key), { zip215: false });
  } catch {
    return false;
  }
}

export const isSigned = (root: RootShape, key: string): boolean =>
  isSignedBy(key, joined([...fields(root, 'tiande-signed-root-v1'), bytesOf(root.log_root)]), root.signature);

const QR =
  /^TIANDE:ROOT:1:([^:]+):(\d+):([^:]+):(\d+):(\d+):(\d+):([0-9A-F]{64}):(-?\d+):([0-9A-F]{64}):([0-9A-F]{128})$/;

function rootOf(line: string): unknown {
  const found = QR.exec(line);
  if (!found) return json(text(line));
  const [court = '', no, day, first, last, size, root = '', at, log = '', signature = ''] = found.slice(1);
  return {
    format: 'tiande-root-v1',
    court: court.toLowerCase(),
    number: Number(no),
    day,
    first: Number(first),
    last: Number(last),
    size: Number(size),
    root: root.toLowerCase(),
    at_ms: Number(at),
    log_root: log.toLowerCase(),
    signature: signature.toLowerCase(),
  };
}

export const isSame = (one: RootShape, other: RootShape): boolean =>
  (Object.keys(one) as (keyof RootShape)[]).every((name) => one[name] === other[name]);

/** True when the first line of a text is a root. */
export function looksLikeRoots(content: string): boolean {
  const first = content.trimStart().split('\n', 1)[0]?.trim() ?? '';
  try {
    return isRoot(rootOf(first));
  } catch {
    return false;
  }
}

export class KeptRoots {
  private byPlace = new Map<string, RootShape>();

  /** Each is signed, and goes on from those before as far as there is no gap. */
  constructor(lines: string, key: string) {
    const courts = new Set<string>();
    lines.split('\n').forEach((line, n) => {
      if (line.trim() === '') return;
      let root: unknown;
      try {
        root = rootOf(line.trim());
      } catch {
        throw new Refused('keptUnreadable', { line: n + 1 });
      }
      need(isRoot(root), 'keptUnreadable', { line: n + 1 });
      const read = root as RootShape;
      need(isSigned(read, key), 'keptSignature', { line: n + 1 });
      const before = this.get(read.court, read.number);
      need(before === undefined || isSame(before, read), 'keptFork', { number: read.number });
      this.byPlace.set(`${read.court} ${read.number}`, read);
      courts.add(read.court);
    });
    for (const court of courts) this.checkLog(court);
  }

  private checkLog(court: string): void {
    const log = new Peaks();
    let covered = 0;
    for (;;) {
      const root = this.get(court, log.size + 1);
      if (root === undefined) return;
      const good = root.first === covered + 1 && root.last >= covered;
      const logged = log.push(leafHash(joined(fields(root, 'tiande-day-root-v1'))));
      need(good && logged === root.log_root, 'keptBroken', { number: root.number });
      covered = root.last;
    }
  }

  get(court: string, no: number): RootShape | undefined {
    return this.byPlace.get(`${court} ${no}`);
  }

  get size(): number {
    return this.byPlace.size;
  }
}
