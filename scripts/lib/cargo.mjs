// What cargo says of the workspace.

import { execFileSync } from 'node:child_process';

const cargo = (root, args) =>
  execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });

/** `cargo metadata` of the lock file as it is. */
export function metadata(root) {
  return JSON.parse(cargo(root, ['metadata', '--format-version', '1', '--locked']));
}

/**
 * Names of all crates that `name` needs to run, itself not among them, on this kind of machine and
 * with the features it asks for itself: what the server switches on elsewhere does not count.
 */
export function closure(root, name) {
  const text = cargo(root, ['tree', '--locked', '-p', name, '-e', 'normal', '--prefix', 'none']);
  return parseTree(text, name);
}

/** Names in the output of `cargo tree --prefix none`. */
export function parseTree(text, name) {
  const names = text.split('\n').map((line) => line.split(' ')[0]);
  return [...new Set(names)].filter((other) => other && other !== name).sort();
}
