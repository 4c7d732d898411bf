// The files of the repository: what git tracks or would, never what a build made.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** All text files below `root` as `{ path, text }`, in order of path. */
export function textFiles(root) {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const paths = [...new Set(listed.split('\0').filter(Boolean))].sort();
  const files = [];
  for (const path of paths) {
    const full = join(root, path);
    // Deleted, but not yet from the index.
    if (!existsSync(full)) continue;
    const bytes = readFileSync(full);
    if (!bytes.includes(0)) files.push({ path, text: bytes.toString('utf8') });
  }
  return files;
}
