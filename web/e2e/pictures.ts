// A picture as a tip brings it: a PNG of one colour, small, and real enough to be decoded.

import { crc32, deflateSync } from 'node:zlib';

export function picture(width: number, height: number, [r, g, b]: [number, number, number]): { content_type: string; data: string } {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([r, g, b]))]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.concat(Array.from({ length: height }, () => row));
  const bytes = Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return { content_type: 'image/png', data: bytes.toString('base64') };
}

/** Its head is good and its pixels are none: taken with its tip, and refused by the decoder. */
export function brokenPicture(): { content_type: string; data: string } {
  const whole = Buffer.from(picture(64, 48, [0, 0, 0]).data, 'base64');
  return { content_type: 'image/png', data: whole.subarray(0, 45).toString('base64') };
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
