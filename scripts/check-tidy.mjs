// Is the repository tidy? Nothing left undone in the code, nothing of one machine in it, no file too
// long to read.
//
//   node scripts/check-tidy.mjs [FOLDER]
//
// Exits with 1 and one line for each fault. Long files are listed before they are faults.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { textFiles } from './lib/tree.mjs';

/** A file this long is listed; it may soon hold two subjects. Lines. */
const LONG = 450;
/** A file this long is a fault. Lines. */
const TOO_LONG = 800;

const REQUIRED = ['Cargo.lock', 'web/package-lock.json', 'LICENSE-MIT', 'LICENSE-APACHE'];
const SOURCE = /\.(rs|ts|svelte|mjs|js|css|html|sh|sql)$/;
const GENERATED = /^web\/shared\/protocol\/generated\//;

/** These two speak of what they look for. */
const SPEAKS_OF_IT = ['scripts/check-tidy.mjs', 'scripts/tests/check-tidy.test.mjs'];

const UNDONE = /\b(TODO|FIXME|XXX)\b|\b(todo|unimplemented)!|#\[ignore\b/;

/** Lines that look undone and are not, each with its reason. */
const NOT_UNDONE = [
  {
    path: 'tests/black_box/history/million.rs',
    line: /^#\[ignore = "measures; /,
    reason: 'a measurement for people; a small one of its kind is a test',
  },
  {
    path: 'tests/track_store.rs',
    line: /^#\[ignore = "measures; /,
    reason: 'a measurement for people, which never fails',
  },
];

/** A helper process: ignored by itself, because the named test of the same file starts it. */
function isHelper(line, text) {
  const starter = line.match(/^#\[ignore = "(?:started by|a part of) (\w+)"\]$/)?.[1];
  return starter !== undefined && new RegExp(`\\bfn ${starter}\\(`).test(text);
}

// In pieces, so that no file holds what must not be in one.
const HOSTS = new RegExp(
  [['registry', 'npmjs'], ['static', 'crates'], ['index', 'crates'], ['pypi', 'org'], ['deb', 'debian'],
    ['files', 'pythonhosted']]
    .map((parts) => parts.join('\\.'))
    .join('|'),
);
const MACHINE_PATH = new RegExp(`(^|[^\\w./-])/(${['work', 'root', 'home'].join('|')})/`);

/** Faults and long files of `[{ path, text }]`. */
export function inspect(files) {
  const faults = [];
  const long = [];
  const paths = new Set(files.map((f) => f.path));
  for (const path of REQUIRED) {
    if (!paths.has(path)) faults.push(`${path} is missing`);
  }
  for (const { path, text } of files) {
    const lines = text.split('\n');
    lines.forEach((line, index) => {
      const at = `${path}:${index + 1}`;
      const excused = SPEAKS_OF_IT.includes(path)
        || isHelper(line.trim(), text)
        || NOT_UNDONE.some((known) => known.path === path && known.line.test(line.trim()));
      if (SOURCE.test(path) && !excused && UNDONE.test(line)) {
        faults.push(`${at}: left undone: ${line.trim().slice(0, 80)}`);
      }
      if (MACHINE_PATH.test(line) && !SPEAKS_OF_IT.includes(path)) {
        faults.push(`${at}: a path of one machine: ${line.trim().slice(0, 80)}`);
      }
      if (HOSTS.test(line)) faults.push(`${at}: names a package registry's host`);
      if (/^(<{7}|>{7}) /.test(line)) faults.push(`${at}: a merge left its mark`);
    });
    const count = lines.length - (text.endsWith('\n') ? 1 : 0);
    if (SOURCE.test(path) && !GENERATED.test(path)) {
      if (count > TOO_LONG) faults.push(`${path}: ${count} lines, at most ${TOO_LONG}`);
      else if (count > LONG) long.push({ path, count });
    }
  }
  long.sort((a, b) => b.count - a.count);
  return { faults, long };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(process.argv[2] ?? resolve(import.meta.dirname, '..'));
  const files = textFiles(root);
  const { faults, long } = inspect(files);
  long.forEach(({ path, count }) => console.log(`tidy: ${path} has ${count} lines; over ${LONG} is long`));
  faults.forEach((fault) => console.error(`tidy: ${fault}`));
  console.log(`tidy: ${files.length} files, ${faults.length} faults`);
  process.exit(faults.length === 0 && files.length > 0 ? 0 : 1);
}
