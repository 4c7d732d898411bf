import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const checker = join(import.meta.dirname, '..', 'check-proof.mjs');
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'tests', 'golden', 'proof.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'tiande-check-proof-'));
test.after(() => rmSync(folder, { recursive: true }));

function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Exit status and lines. */
function run(...args) {
  try {
    return { status: 0, out: execFileSync('node', [checker, ...args], { encoding: 'utf8' }) };
  } catch (error) {
    return { status: error.status, out: error.stdout };
  }
}

const roots = file('court.roots', golden.roots.map((root) => JSON.stringify(root)).join('\n'));
const key = file('key', golden.receipt.public_key);

test('what a server has handed out is good', () => {
  for (const name of ['receipt', 'later', 'promise', 'receipt_sm3']) {
    const path = file(`${name}.json`, JSON.stringify(golden[name]));
    assert.equal(run('receipt', path).status, 0, name);
  }
  const later = join(folder, 'later.json');
  assert.equal(run('receipt', later, '--key', key, '--roots', roots).status, 0);
  assert.equal(run('roots', roots, '--key', key).status, 0);
  assert.equal(run('roots', file('qr', golden.qr), '--key', key).status, 0);
  const proof = file('consistency.json', JSON.stringify(golden.consistency));
  assert.equal(run('consistency', proof, '--key', key, '--roots', roots).status, 0);
});

test('faults that are planted are found', () => {
  const planted = (change) => {
    const bad = structuredClone(golden.later);
    change(bad);
    const { status, out } = run('receipt', file('bad.json', JSON.stringify(bad)), '--roots', roots);
    assert.equal(status, 1);
    return out;
  };
  assert.match(planted((bad) => { bad.record.body += ' '; }), /the record was changed/);
  assert.match(planted((bad) => { bad.record.more = 1; }), /other fields/);
  assert.match(planted((bad) => { bad.hash = bad.hash.toUpperCase(); }), /hash is unreadable/);
  assert.match(planted((bad) => { bad.root.size += 1; }), /not signed/);
  assert.match(planted((bad) => { bad.inclusion.index = 0; }), /does not lead/);
  assert.match(planted((bad) => { bad.root = golden.roots[0]; }), /does not cover/);
  assert.match(planted((bad) => { bad.inclusion = null; }), /neither/);
  const [, second, third] = golden.roots;
  const gap = file('gap.roots', [third, { ...third, signature: second.signature }].map((r) => JSON.stringify(r)).join('\n'));
  assert.match(run('roots', gap, '--key', key).out, /not signed/);
});
