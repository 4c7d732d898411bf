// May everything that we build with be shipped with us? Reads the allow list and the bans of
// deny.toml, and holds every crate of the lock file and every npm package against them.
//
//   node scripts/check-licences.mjs
//
// The web clients' packages are all "development" dependencies, because a bundler takes from them
// what the pages need: so all of them are checked, not only those that npm calls production.
// Exits with 1 and one line for each fault.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { metadata } from './lib/cargo.mjs';
import { isAllowed } from './lib/spdx.mjs';

/** The allow list and the banned names of a deny.toml; only the parts that are needed here. */
export function readRules(toml) {
  const text = toml.replace(/^([^"#\n]*(?:"[^"\n]*"[^"#\n]*)*)#.*$/gm, '$1');
  const section = (name) => text.match(new RegExp(`^\\[${name}\\]\\n([\\s\\S]*?)(?=^\\[|(?![\\s\\S]))`, 'm'))?.[1] ?? '';
  const list = (body, key) => body.match(new RegExp(`^${key}\\s*=\\s*\\[([\\s\\S]*?)\\]`, 'm'))?.[1] ?? '';
  const allowed = [...list(section('licenses'), 'allow').matchAll(/"([^"]+)"/g)].map((m) => m[1]);
  const banned = [...list(section('bans'), 'deny').matchAll(/name\s*=\s*"([^"]+)"/g)].map((m) => m[1]);
  if (allowed.length === 0) throw new Error('deny.toml has no list of allowed licences');
  return { allowed: new Set(allowed), banned: new Set(banned) };
}

function fault(what, licence, allowed) {
  if (!licence) return `${what} does not say under which licence it is`;
  try {
    return isAllowed(licence, allowed) ? null : `${what} is under ${licence}, which is not allowed`;
  } catch (error) {
    return `${what}: ${error.message}`;
  }
}

/** Faults of the crates that are resolved, ours among them. */
export function crateFaults(meta, { allowed, banned }) {
  const resolved = new Set(meta.resolve.nodes.map((node) => node.id));
  const faults = [];
  for (const crate of meta.packages.filter((p) => resolved.has(p.id))) {
    const what = `crate ${crate.name} ${crate.version}`;
    if (banned.has(crate.name)) faults.push(`${what} is banned`);
    faults.push(fault(what, crate.license, allowed));
    const foreign = crate.source !== null && !crate.source.startsWith('registry+');
    if (foreign) faults.push(`${what} comes from ${crate.source}, not from the registry`);
  }
  return faults.filter(Boolean);
}

/** Faults of the packages in a package-lock.json. */
export function npmFaults(lock, { allowed }) {
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
  return packages
    .map(([path, entry]) => {
      const name = path.replace(/^.*node_modules\//, '');
      return fault(`package ${name} ${entry.version}`, entry.license, allowed);
    })
    .filter(Boolean);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '..');
  const rules = readRules(readFileSync(join(root, 'deny.toml'), 'utf8'));
  const meta = metadata(root);
  const locks = ['web', 'load-tests/peers/node-stack', 'load-tests/peers/bullmq'].map((folder) =>
    JSON.parse(readFileSync(join(root, folder, 'package-lock.json'), 'utf8')));
  const faults = [...crateFaults(meta, rules), ...locks.flatMap((lock) => npmFaults(lock, rules))];
  faults.forEach((line) => console.error(`licences: ${line}`));
  const [crates, packages] = [meta.resolve.nodes.length, locks.reduce((sum, lock) => sum + Object.keys(lock.packages).length - 1, 0)];
  console.log(`licences: ${crates} crates, ${packages} npm packages, ${faults.length} faults`);
  process.exit(faults.length === 0 && crates > 0 && packages > 0 ? 0 : 1);
}
