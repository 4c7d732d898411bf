// Are the layers what docs/ARCHITECTURE.md says they are? Reads the dependency graph and the sources.
//
//   node scripts/check-layers.mjs
//
// Exits with 1 and one line for each fault.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { closure, metadata } from './lib/cargo.mjs';
import { codeOnly, lineAt, strings } from './lib/rust.mjs';
import { textFiles } from './lib/tree.mjs';

/** Which crates of the workspace a crate may name, for running and for its tests. */
const ARROWS = {
  'tiande-core': { normal: [], dev: [] },
  'tiande-actors': { normal: ['tiande-core'], dev: ['tiande-core', 'tiande-actors'] },
  tiande: { normal: ['tiande-core', 'tiande-actors'], dev: ['tiande-core', 'tiande-actors'] },
  'tiande-load-tests': { normal: [], dev: [] },
};

/** What a crate must not need, neither itself nor through others. */
const FORBIDDEN = {
  'tiande-core': {
    why: 'the core has no input, output, clock or randomness',
    names: /^(actix.*|async-std|chrono|time|fastrand|getrandom|hyper|mio|rand|rand_.*|redis|reqwest|rusqlite|socket2|sqlx.*|tokio.*|libsqlite3-sys)$/,
  },
  'tiande-actors': {
    why: 'the actors reach the outside through ports only',
    names: /^(actix-http|actix-web.*|hyper|redis|reqwest|rusqlite|sqlx.*|libsqlite3-sys)$/,
  },
  'tiande-load-tests': {
    why: 'a drill knows the server from the wire alone',
    names: /^(tiande|tiande-core|tiande-actors)$/,
  },
};

/** What a crate must not name itself; through others it may come. */
const FORBIDDEN_DIRECT = {
  'tiande-actors': { why: 'what JSON looks like is the edge\'s business', names: /^serde_json$/ },
};

/** Files that may lift the ban on clocks, sleeps, the environment and do_send, each with its reason. */
export const RAW_ALLOWED = {
  'actors/src/gate.rs': 'counts a message before it is sent',
  'actors/src/supervision.rs': 'a death notice runs while a panic unwinds: it must neither wait nor fail',
  'actors/src/pause.rs': 'the one pause between bounded retries, and their pace',
  'actors/src/turnstile.rs': 'how long somebody has waited, which no wall clock may change',
  'actors/core/tests/simulation/env.rs': 'which seeds a person wants to see; a test has no configuration',
  'src/telemetry.rs': 'the one clock of the server',
  'src/fault.rs': 'the faults of tests, which no configuration may hold',
  'src/journal/stopwatch.rs': 'a duration that only a metric shows',
  'actors/tests/actix_semantics.rs': 'pins what actix itself does, do_send included',
  'actors/tests/court/waiting.rs': 'waits for a condition, with a limit',
  'tests/support/postgres.rs': 'a test has no configuration but its environment',
  'tests/black_box/support/waiting.rs': 'waits for a condition, with a limit',
  'tests/storage_faults/size.rs': 'how long a soak is; a test has no configuration',
  'benches/journal/main.rs': 'measures how long real work takes',
  'tests/track_store.rs': 'measures how long real work takes',
  'load-tests/src/clock.rs': 'the one clock of the drill',
  'load-tests/tests/support/dispatch.rs': 'the clock of a fake server',
  'load-tests/tests/teeth.rs': 'how a script hands over its arguments',
};

/** Files of the core that may hold a hash map; the named field is never iterated. */
const HASH_MAPS = {
  'actors/core/src/spatial/index.rs': 'entries',
};

const DO_SEND_IN = ['actors/src/gate.rs', 'actors/src/supervision.rs'];
const ADDRESS_IN = ['actors/src/gate.rs'];
const SQL_IN = ['src/journal/', 'src/access/'];

/** Faults of the dependency graph. `trees` holds the closure of each crate in FORBIDDEN by name. */
export function graphFaults(meta, trees) {
  const faults = [];
  const members = meta.packages.filter((p) => meta.workspace_members.includes(p.id));
  const ours = new Set(members.map((p) => p.name));
  for (const name of Object.keys(ARROWS)) {
    if (!ours.has(name)) faults.push(`the workspace has no crate ${name}: say so in check-layers.mjs`);
  }
  for (const member of members) {
    const arrows = ARROWS[member.name];
    if (!arrows) {
      faults.push(`${member.name}: a new crate; say in check-layers.mjs what it may depend on`);
      continue;
    }
    const direct = FORBIDDEN_DIRECT[member.name];
    for (const dependency of member.dependencies) {
      const kind = dependency.kind === 'dev' ? 'dev' : 'normal';
      if (ours.has(dependency.name) && !arrows[kind].includes(dependency.name)) {
        faults.push(`${member.name} must not depend on ${dependency.name}`);
      }
      if (direct && kind === 'normal' && direct.names.test(dependency.name)) {
        faults.push(`${member.name} must not name ${dependency.name}: ${direct.why}`);
      }
    }
  }
  for (const [name, rule] of Object.entries(FORBIDDEN)) {
    for (const other of trees[name] ?? []) {
      if (rule.names.test(other)) faults.push(`${name} must not need ${other}: ${rule.why}`);
    }
  }
  return faults;
}

/** Faults of the sources, `[{ path, text }]`. */
export function sourceFaults(files, rawAllowed = RAW_ALLOWED) {
  const faults = [];
  const lifting = new Set();
  for (const file of files.filter((f) => f.path.endsWith('.rs'))) {
    const code = codeOnly(file.text);
    const each = (pattern, what) => {
      for (const match of code.matchAll(pattern)) {
        faults.push(`${file.path}:${lineAt(code, match.index)}: ${what(match[0])}`);
      }
    };
    if (/\bdisallowed_methods\b/.test(code)) {
      lifting.add(file.path);
      if (!rawAllowed[file.path]) {
        each(/\bdisallowed_methods\b/g, () => 'lifts the ban on raw clocks, sleeps, environment and do_send; '
          + 'a file that must is listed in RAW_ALLOWED of check-layers.mjs, with its reason');
      }
    }
    const isProduct = /^(src|actors\/src|actors\/core\/src)\//.test(file.path);
    if (isProduct && !DO_SEND_IN.includes(file.path)) {
      each(/\.\s*do_send\s*\(/g, () => 'do_send never refuses: go through a Gate');
    }
    if (isProduct && !ADDRESS_IN.includes(file.path)) {
      each(/\bW?e?a?k?Addr\s*</g, () => 'only a Gate keeps an address');
    }
    if (file.path.startsWith('actors/core/src/')) {
      each(/\b(SystemTime|Instant)\b|\bstd::(env|fs|net|process|thread|io)\b/g, (found) =>
        `the core takes the time and everything else as arguments, not ${found}`);
      const field = HASH_MAPS[file.path];
      if (!field) {
        each(/\bHash(Map|Set)\b/g, (found) => `${found} has an order that differs from run to run: use a BTree`);
      } else {
        const walked = new RegExp(
          `\\b${field}\\s*\\.\\s*(iter|iter_mut|keys|values|values_mut|into_iter|drain|retain)\\b`
            + `|\\bin\\s+&?(mut\\s+)?self\\.${field}\\b`, 'g');
        each(walked, () => `\`${field}\` is a hash map, whose order differs from run to run`);
      }
    }
    const mayHoldSql = SQL_IN.some((folder) => file.path.startsWith(folder));
    if (isProduct && !mayHoldSql) {
      each(/\bsqlx\s*::\s*(query|raw_sql|QueryBuilder|Executor)/g, () => `SQL belongs under ${SQL_IN.join(', ')}`);
      for (const { line, text } of strings(file.text)) {
        if (/\b(SELECT\s[\s\S]*\sFROM|INSERT INTO|DELETE FROM|CREATE TABLE|UPDATE \w+ SET)\b/.test(text)) {
          faults.push(`${file.path}:${line}: SQL belongs under ${SQL_IN.join(', ')}`);
        }
      }
    }
  }
  for (const path of Object.keys(rawAllowed)) {
    if (!lifting.has(path)) {
      faults.push(`${path}: lifts no ban (any more); take it out of RAW_ALLOWED in check-layers.mjs`);
    }
  }
  return faults;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '..');
  const trees = Object.fromEntries(Object.keys(FORBIDDEN).map((name) => [name, closure(root, name)]));
  const files = textFiles(root);
  const faults = [...graphFaults(metadata(root), trees), ...sourceFaults(files)];
  faults.forEach((fault) => console.error(`layers: ${fault}`));
  const sources = files.filter((f) => f.path.endsWith('.rs')).length;
  console.log(`layers: ${Object.keys(ARROWS).length} crates, ${sources} sources, ${faults.length} faults`);
  process.exit(faults.length === 0 ? 0 : 1);
}
