// Merkle trees of RFC 9162 §2.1: the ways to a root, and from an earlier root to a later one.

import { bytesOf, concat, hexOf, sha256 } from './bytes';
import type { InclusionShape, RootShape } from './shapes';

export const leafHash = (bytes: Uint8Array): Uint8Array => sha256(concat(new Uint8Array([0]), bytes));
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(concat(new Uint8Array([1]), left, right));

/** The root that a leaf and the way from it lead to; null when the way does not fit the tree's size. */
export function rootWith(leaf: Uint8Array, { index, size, path }: InclusionShape): string | null {
  if (index >= size) return null;
  let [here, last, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const beside of path.map(bytesOf)) {
    if (last === 0n) return null;
    if ((here & 1n) === 1n || here === last) {
      hash = nodeHash(beside, hash);
      while ((here & 1n) === 0n && here !== 0n) [here, last] = [here >> 1n, last >> 1n];
    } else {
      hash = nodeHash(hash, beside);
    }
    [here, last] = [here >> 1n, last >> 1n];
  }
  return last === 0n ? hexOf(hash) : null;
}

type Logged = Pick<RootShape, 'number' | 'log_root'>;

/** Whether the log of the later root goes on from that of the earlier one. */
export function goesOn(first: Logged, second: Logged, path: readonly string[]): boolean {
  if (first.number === 0 || first.number > second.number) return false;
  if (first.number === second.number) return path.length === 0 && first.log_root === second.log_root;
  const way = path.map(bytesOf);
  let [here, last] = [BigInt(first.number) - 1n, BigInt(second.number) - 1n];
  while ((here & 1n) === 1n) [here, last] = [here >> 1n, last >> 1n];
  // A whole earlier tree is a node of the later one; it is not repeated in the path.
  const whole = (BigInt(first.number) & (BigInt(first.number) - 1n)) === 0n;
  const begin = whole ? bytesOf(first.log_root) : way.shift();
  if (begin === undefined) return false;
  let [old, fresh] = [begin, begin];
  for (const beside of way) {
    if (last === 0n) return false;
    if ((here & 1n) === 1n || here === last) {
      [old, fresh] = [nodeHash(beside, old), nodeHash(beside, fresh)];
      while ((here & 1n) === 0n && here !== 0n) [here, last] = [here >> 1n, last >> 1n];
    } else {
      fresh = nodeHash(fresh, beside);
    }
    [here, last] = [here >> 1n, last >> 1n];
  }
  return last === 0n && hexOf(old) === first.log_root && hexOf(fresh) === second.log_root;
}

/** The tops of the whole trees that a growing tree is made of, and its root. */
export class Peaks {
  private tops: Uint8Array[] = [];
  size = 0;

  push(leaf: Uint8Array): string {
    let top = leaf;
    for (let ones = this.size; ones % 2 === 1; ones = (ones - 1) / 2) top = nodeHash(this.tops.pop() ?? top, top);
    this.tops.push(top);
    this.size += 1;
    return hexOf(this.tops.reduceRight((right, left) => nodeHash(left, right)));
  }
}
