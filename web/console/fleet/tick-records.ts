// A tick in binary (PROTOCOL §9): a head of 24 bytes and records of 24, little endian.

import type { Moved } from '../protocol';

const HEAD = 24;
const RECORD = 24;
const NOWHERE = -2147483648;

export interface Tick {
  no: number;
  now: number;
  moved: Moved[];
}

/** Null for anything that is no tick of this version. */
export function readTick(buffer: ArrayBuffer): Tick | null {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEAD || (buffer.byteLength - HEAD) % RECORD !== 0) return null;
  if (view.getUint8(0) !== 1 || view.getUint8(1) !== 2) return null;
  const no = Number(view.getBigUint64(8, true));
  const now = Number(view.getBigInt64(16, true));
  const moved: Moved[] = [];
  for (let at = HEAD; at < buffer.byteLength; at += RECORD) moved.push(record(view, at, now));
  return { no, now, moved };
}

function record(view: DataView, at: number, now: number): Moved {
  const n = view.getUint32(at, true);
  const status = view.getUint32(at + 4, true);
  const lat = view.getInt32(at + 8, true);
  if (lat === NOWHERE) return [n, null, null, status, null, null, null];
  const accuracy = view.getUint16(at + 20, true);
  const heading = view.getUint8(at + 23);
  return [
    n,
    lat / 1e7,
    view.getInt32(at + 12, true) / 1e7,
    status,
    heading === 255 ? null : heading * 1.5,
    now + view.getInt32(at + 16, true),
    accuracy === 65535 ? null : accuracy / 10,
  ];
}
