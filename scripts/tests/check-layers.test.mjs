import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graphFaults, sourceFaults } from '../check-layers.mjs';
import { parseTree } from '../lib/cargo.mjs';
import { codeOnly, strings } from '../lib/rust.mjs';

const crate = (name, dependencies = []) => ({
  id: `path+${name}`,
  name,
  dependencies: dependencies.map((d) => (typeof d === 'string' ? { name: d, kind: null } : d)),
});

const workspace = (changes = {}) => {
  const packages = [
    crate('tiande', changes.tiande ?? ['tiande-core', 'tiande-actors', 'sqlx']),
    crate('tiande-actors', changes.actors ?? ['tiande-core', 'actix']),
    crate('tiande-core', changes.core ?? ['rstar']),
    crate('tiande-load-tests', changes.drill ?? ['hyper']),
    ...(changes.more ?? []),
  ];
  return { packages, workspace_members: packages.map((p) => p.id) };
};

const source = (path, text) => sourceFaults([{ path, text }], {});

test('a sound graph has no faults', () => {
  assert.deepEqual(graphFaults(workspace(), { 'tiande-core': ['rstar', 'serde'] }), []);
});

test('an arrow that points up is found', () => {
  assert.match(graphFaults(workspace({ core: ['tiande-actors'] }), {})[0], /tiande-core must not depend on tiande-actors/);
  assert.match(graphFaults(workspace({ actors: ['tiande'] }), {})[0], /tiande-actors must not depend on tiande$/);
});

test('a drill that knows the server from inside is found, also in its tests', () => {
  const found = graphFaults(workspace({ drill: [{ name: 'tiande-core', kind: 'dev' }] }), {});
  assert.match(found[0], /tiande-load-tests must not depend on tiande-core/);
});

test('a crate that nobody has placed is found', () => {
  assert.match(graphFaults(workspace({ more: [crate('tiande-extra')] }), {})[0], /tiande-extra: a new crate/);
});

test('what the core needs through others is found', () => {
  for (const name of ['tokio', 'actix-rt', 'getrandom', 'rand_core', 'chrono', 'sqlx-core', 'redis']) {
    assert.equal(graphFaults(workspace(), { 'tiande-core': ['serde', name] }).length, 1, name);
  }
});

test('actors that name JSON, SQL or HTTP are found', () => {
  assert.equal(graphFaults(workspace({ actors: ['tiande-core', 'serde_json'] }), {}).length, 1);
  assert.equal(graphFaults(workspace(), { 'tiande-actors': ['tiande-core', 'actix-http'] }).length, 1);
  assert.deepEqual(graphFaults(workspace(), { 'tiande-actors': ['serde_json'] }), []);
});

test('do_send outside a gate is found', () => {
  const text = 'fn f(a: &X) {\n    a.do_send(Y);\n}\n';
  assert.match(source('actors/src/board/mod.rs', text)[0], /^actors\/src\/board\/mod\.rs:2: do_send/);
  assert.deepEqual(source('actors/src/gate.rs', text), []);
});

test('do_send in a comment or a string is none', () => {
  assert.deepEqual(source('src/app.rs', '// x.do_send(y)\nlet s = "x.do_send(y)";\n'), []);
});

test('an address outside a gate is found', () => {
  assert.equal(source('actors/src/court/room.rs', 'struct R { to: Addr<Board> }').length, 1);
  assert.equal(source('src/app.rs', 'struct R { to: WeakAddr<Board> }').length, 1);
});

test('a file that lifts the ban on raw clocks without a reason on record is found', () => {
  const text = '#[allow(clippy::disallowed_methods)]\nfn now() {}\n';
  assert.match(source('src/api/session.rs', text)[0], /RAW_ALLOWED/);
  const listed = { 'src/api/session.rs': 'because' };
  assert.deepEqual(sourceFaults([{ path: 'src/api/session.rs', text }], listed), []);
});

test('a reason on record that nobody needs any more is found', () => {
  assert.match(sourceFaults([{ path: 'src/x.rs', text: '' }], { 'src/x.rs': 'because' })[0], /lifts no ban/);
});

test('clocks, files and hash maps in the core are found', () => {
  const bad = ['let t = SystemTime::now();', 'let t: Instant;', 'use std::fs;', 'use std::collections::HashMap;'];
  for (const text of bad) assert.equal(source('actors/core/src/case/mod.rs', text).length, 1, text);
});

test('walking the hash map of the spatial index is found', () => {
  const path = 'actors/core/src/spatial/index.rs';
  assert.deepEqual(source(path, 'struct I { entries: HashMap<A, B> }\nself.entries.get(&id)'), []);
  assert.equal(source(path, 'self.entries.values().count()').length, 1);
  assert.equal(source(path, 'for entry in &self.entries {}').length, 1);
});

test('SQL outside the stores is found', () => {
  const text = 'let q = "SELECT id FROM officer";';
  assert.match(source('src/api/officers.rs', `\n${text}`)[0], /officers\.rs:2: SQL belongs/);
  assert.equal(source('src/intake/media.rs', 'sqlx::query(&text)').length, 1);
  assert.equal(source('actors/src/x.rs', 'let q = r#"INSERT INTO t"#;').length, 1);
  assert.deepEqual(source('src/journal/queries.rs', text), []);
  assert.deepEqual(source('src/access/store.rs', text), []);
});

test('comments, strings and lifetimes are told apart', () => {
  const rust = 'fn f<\'a>(x: &\'a str) { g(\'"\', "a // b"); /* Instant */ } // Instant\nlet r = r#"x "y" z"#;';
  const code = codeOnly(rust);
  assert.doesNotMatch(code, /Instant|\/\/ b|"y"/);
  assert.match(code, /fn f<'a>\(x: &'a str\)/);
  assert.equal(code.split('\n').length, 2);
  assert.deepEqual(strings(rust).map((s) => s.line), [1, 2]);
});

test('a dependency tree is read', () => {
  const text = 'tiande-core v0.1.0 (here)\nserde v1.0.0\nserde_derive v1.0.0 (proc-macro)\nserde v1.0.0 (*)\n';
  assert.deepEqual(parseTree(text, 'tiande-core'), ['serde', 'serde_derive']);
});
