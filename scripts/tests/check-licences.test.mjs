import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crateFaults, npmFaults, readRules } from '../check-licences.mjs';
import { isAllowed } from '../lib/spdx.mjs';

const rules = readRules(readFileSync(join(import.meta.dirname, '../../deny.toml'), 'utf8'));

const meta = (...packages) => ({
  packages: packages.map((p, n) => ({ id: String(n), version: '1.0.0', source: 'registry+x', license: 'MIT', ...p })),
  resolve: { nodes: packages.map((_, n) => ({ id: String(n) })) },
});

test('the rules are read from deny.toml', () => {
  assert.ok(rules.allowed.has('MIT') && rules.allowed.has('Apache-2.0 WITH LLVM-exception'));
  assert.ok(rules.banned.has('openssl-sys') && rules.banned.has('actix-governor'));
  for (const licence of rules.allowed) assert.doesNotMatch(licence, /GPL/);
});

test('a comment in deny.toml allows nothing', () => {
  const read = readRules('[licenses]\nallow = [\n  "MIT", # not "GPL-3.0-only"\n  # "AGPL-3.0-only",\n]\n[bans]\ndeny = [{ name = "x" }] # { name = "y" }\n');
  assert.deepEqual([...read.allowed], ['MIT']);
  assert.deepEqual([...read.banned], ['x']);
});

test('expressions are evaluated', () => {
  const yes = [
    'MIT', 'MIT/GPL-3.0', 'MIT OR GPL-3.0-only', '(MIT OR Apache-2.0) AND Unicode-3.0',
    'Apache-2.0 WITH LLVM-exception OR GPL-2.0-only', '(GPL-2.0-only AND MIT) OR ISC', 'Apache-2.0 / MIT',
  ];
  const no = [
    'GPL-3.0-only', 'AGPL-3.0-or-later', 'MIT AND GPL-3.0-only', 'GPL-2.0-only WITH Classpath-exception-2.0',
    '(MIT OR ISC) AND (GPL-2.0-only OR AGPL-3.0-only)', 'LicenseRef-Commons-Clause', 'mit',
  ];
  for (const expression of yes) assert.equal(isAllowed(expression, rules.allowed), true, expression);
  for (const expression of no) assert.equal(isAllowed(expression, rules.allowed), false, expression);
});

test('OR binds less than AND', () => {
  assert.equal(isAllowed('MIT OR MIT AND GPL-3.0-only', rules.allowed), true);
  assert.equal(isAllowed('GPL-3.0-only OR MIT AND GPL-3.0-only', rules.allowed), false);
});

test('what is no expression is refused', () => {
  for (const expression of ['', 'MIT OR', '(MIT', 'MIT ISC', 'OR MIT']) {
    assert.throws(() => isAllowed(expression, rules.allowed), /not an SPDX/, expression);
  }
});

test('a planted GPL crate is found', () => {
  const found = crateFaults(meta({ name: 'fine' }, { name: 'planted', license: 'GPL-3.0-or-later' }), rules);
  assert.deepEqual(found, ['crate planted 1.0.0 is under GPL-3.0-or-later, which is not allowed']);
});

test('a crate without a licence, a banned one and a foreign one are found', () => {
  const found = crateFaults(
    meta({ name: 'nameless', license: null }, { name: 'openssl-sys' }, { name: 'elsewhere', source: 'git+https://x' }),
    rules,
  );
  assert.equal(found.length, 3);
});

test('our own crates come from nowhere, and that is fine', () => {
  assert.deepEqual(crateFaults(meta({ name: 'tiande', source: null, license: 'MIT OR Apache-2.0' }), rules), []);
});

test('a planted GPL package is found, also when it is for development', () => {
  const lock = {
    packages: {
      '': { name: 'web' },
      'node_modules/fine': { version: '1.0.0', license: 'MIT' },
      'node_modules/a/node_modules/@x/planted': { version: '2.0.0', license: 'AGPL-3.0-only', dev: true },
    },
  };
  assert.deepEqual(npmFaults(lock, rules), ['package @x/planted 2.0.0 is under AGPL-3.0-only, which is not allowed']);
});
