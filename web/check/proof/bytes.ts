// Bytes as docs/PROOF.md has them.

import { sha256 } from '@noble/hashes/sha2.js';

export { sha256 };

const encoder = new TextEncoder();
export const text = (value: string): Uint8Array => encoder.encode(value);

/** A number of 8 bytes, big-endian, or of 2. */
export function number(value: number, bytes: 2 | 8 = 8): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 2) view.setUint16(0, value);
  else view.setBigInt64(0, BigInt(value));
  return new Uint8Array(view.buffer);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Fields in order, each with its length (u32, big-endian) in front. */
export function joined(fields: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...fields.flatMap((field) => {
      const length = new DataView(new ArrayBuffer(4));
      length.setUint32(0, field.length);
      return [new Uint8Array(length.buffer), field];
    }),
  );
}

/** A field that may be absent: 1 and its bytes, or nothing at all. */
export const maybe = (bytes: Uint8Array | null): Uint8Array => (bytes === null ? new Uint8Array() : concat(new Uint8Array([1]), bytes));

/** Digits of hex that were checked before. */
export const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, n) => Number.parseInt(hex.slice(2 * n, 2 * n + 2), 16));

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** SHA-256 of a file, piece by piece: it may be a scan of 50 MB. */
export async function hashOfFile(file: Blob): Promise<string> {
  const hash = sha256.create();
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hexOf(hash.digest());
    hash.update(value);
  }
}
