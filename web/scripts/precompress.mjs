// Writes x.br and x.gz next to each text file, so that the server never compresses while it serves.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const COMPRESSIBLE = /\.(js|mjs|css|html|svg|json|webmanifest|txt)$/;
// A variant that saves less than this is not worth a second file.
const WORTH_RATIO = 0.95;

export async function precompress(folder) {
  const rows = [];
  for (const name of await readdir(folder, { recursive: true })) {
    if (!COMPRESSIBLE.test(name)) continue;
    const path = join(folder, name);
    const raw = await readFile(path);
    const br = brotliCompressSync(raw, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
    });
    const gz = gzipSync(raw, { level: 9 });
    if (br.length < raw.length * WORTH_RATIO) await writeFile(`${path}.br`, br);
    if (gz.length < raw.length * WORTH_RATIO) await writeFile(`${path}.gz`, gz);
    rows.push({ file: relative(folder, path), raw: raw.length, gzip: gz.length, brotli: br.length });
  }
  rows.sort((a, b) => a.file.localeCompare(b.file));
  console.table(rows);
}
