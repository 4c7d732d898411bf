// Is nothing of the tests' faults in a release binary?
//
//   node scripts/check-release.mjs [BINARY]
//
// Reads the names of the fault points from the sources (`fault::point("…")` and its kin) and looks for
// each in the binary. Exits with 1 and one line for each that is there.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { textFiles } from './lib/tree.mjs';

const USE = /\bfault::(?:point|during|cut|number|setting)\(\s*"([^"]+)"/g;

/** Names of fault points and settings in `[{ path, text }]`. */
export function names(files) {
  const product = files.filter((f) => f.path.endsWith('.rs') && f.path.startsWith('src/'));
  const found = product.flatMap((f) => [...f.text.matchAll(USE)].map((match) => match[1]));
  return [...new Set(found)].sort();
}

/** Those of `names` that stand in `binary` (a Buffer). */
export function present(binary, wanted) {
  return wanted.filter((name) => binary.includes(name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '..');
  const path = resolve(process.argv[2] ?? resolve(root, 'target/release/tiande'));
  const wanted = names(textFiles(root));
  const there = present(readFileSync(path), wanted);
  there.forEach((name) => console.error(`release: the fault ${name} is in ${path}`));
  if (wanted.length === 0) console.error('release: no fault point found in the sources: the check is blind');
  console.log(`release: ${wanted.length} names of faults looked for, ${there.length} found`);
  process.exit(there.length === 0 && wanted.length > 0 ? 0 : 1);
}
