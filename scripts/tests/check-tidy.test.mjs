import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { inspect } from '../check-tidy.mjs';

const SOUND = ['Cargo.lock', 'web/package-lock.json', 'LICENSE-MIT', 'LICENSE-APACHE'].map((path) => ({ path, text: '' }));

const faults = (path, text) => inspect([...SOUND, { path, text }]).faults;

test('a sound tree has no faults', () => {
  assert.deepEqual(faults('src/app.rs', '//! Fine.\n'), []);
});

test('what is left undone is found', () => {
  const undone = ['// TODO later', '// FIXME', 'todo!()', 'unimplemented!("x")', '#[ignore]', '#[ignore = "slow"]'];
  for (const line of undone) assert.equal(faults('src/app.rs', `\n${line}\n`).length, 1, line);
});

test('what is left undone is found in web sources too, and not in prose', () => {
  assert.equal(faults('web/console/main.ts', '// TODO').length, 1);
  assert.deepEqual(faults('docs/X.md', 'No TODO without an issue.'), []);
});

test('a helper process that a test of the same file starts is not left undone', () => {
  const helper = '#[ignore = "started by kill_it"]\nfn helper() {}\n';
  assert.deepEqual(faults('tests/kill.rs', `${helper}fn kill_it() {}\n`), []);
  assert.equal(faults('tests/kill.rs', helper).length, 1);
});

test('a path of one machine is found anywhere', () => {
  assert.equal(faults('docs/X.md', `see ${'/wo'}rk/main`).length, 1);
  assert.equal(faults('scripts/x.sh', `cd "${'/ro'}ot/.cargo"`).length, 1);
  assert.deepEqual(faults('docs/X.md', 'see build/root/main and https://example.org/root/x'), []);
});

test('a registry host is found anywhere', () => {
  for (const host of [['registry', 'npmjs', 'org'], ['static', 'crates', 'io'], ['pypi', 'org'], ['deb', 'debian', 'org']]) {
    assert.equal(faults('web/package-lock.json.bak', `"https://${host.join('.')}/x"`).length, 1, host.join('.'));
  }
});

test('a missing lock file is found', () => {
  assert.deepEqual(inspect(SOUND.filter((f) => f.path !== 'Cargo.lock')).faults, ['Cargo.lock is missing']);
});

test('a long file is listed, a longer one is a fault', () => {
  const of = (count) => inspect([...SOUND, { path: 'src/x.rs', text: '\n'.repeat(count) }]);
  assert.deepEqual(of(450), { faults: [], long: [] });
  assert.deepEqual(of(451).long, [{ path: 'src/x.rs', count: 451 }]);
  assert.match(of(801).faults[0], /801 lines/);
});

test('lock files may be long', () => {
  assert.deepEqual(inspect([...SOUND, { path: 'x/package-lock.json', text: '\n'.repeat(5000) }]).faults, []);
});

test('the command fails on a planted fault and passes without it', () => {
  const root = mkdtempSync(join(tmpdir(), 'tidy-'));
  try {
    const put = (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    execFileSync('git', ['init', '-q', root]);
    SOUND.forEach(({ path }) => put(path, ''));
    const script = join(import.meta.dirname, '../check-tidy.mjs');
    const run = () => spawnSync(process.execPath, [script, root], { encoding: 'utf8' });
    assert.equal(run().status, 0);
    put('src/app.rs', 'fn f() { todo!() }\n');
    const found = run();
    assert.equal(found.status, 1);
    assert.match(found.stderr, /src\/app\.rs:1: left undone/);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
