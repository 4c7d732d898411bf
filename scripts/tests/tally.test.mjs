import assert from 'node:assert/strict';
import { test } from 'node:test';
import { table } from '../figures.mjs';
import { tally } from '../tally.mjs';

const of = (text) => {
  const { passed, failed } = tally(text);
  return [passed, failed];
};

test('cargo nextest', () => {
  assert.deepEqual(of('     Summary [   1.234s] 12 tests run: 12 passed, 0 skipped'), [12, 0]);
  assert.deepEqual(of('Summary [ 61.2s] 12 tests run: 9 passed (2 slow, 1 flaky), 2 failed, 1 timed out, 3 skipped'), [8, 4]);
  assert.deepEqual(of('Summary [   0.5s] 1 test run: 0 passed, 1 exec failed, 0 skipped'), [0, 1]);
  assert.deepEqual(of('     Summary [   0.012s] 5/9 tests run: 4 passed, 1 failed, 0 skipped'), [4, 1]);
});

test('cargo test, several binaries', () => {
  const text = [
    'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s',
    'test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out',
  ];
  assert.deepEqual(of(text.join('\r\n')), [8, 2]);
});

test('vitest, with colours', () => {
  const text = ' \u001b[2mTest Files\u001b[22m  \u001b[32m7 passed\u001b[39m (7)\n \u001b[2m     Tests\u001b[22m  1 failed | 61 passed | 2 skipped (64)\n';
  assert.deepEqual(of(text), [61, 1]);
});

test('Playwright', () => {
  assert.deepEqual(of('  8 passed (1.2m)\n'), [8, 0]);
  assert.deepEqual(of('  1 failed\n    [chromium] › x.spec.ts:3:1 › y\n  1 flaky\n  2 did not run\n  4 passed (12.3s)\n'), [4, 4]);
});

test('node --test, both reporters', () => {
  assert.deepEqual(of('# tests 4\n# pass 3\n# fail 1\n# cancelled 0\n'), [3, 1]);
  assert.deepEqual(of('ℹ tests 4\nℹ pass 3\nℹ fail 0\nℹ cancelled 1\n'), [3, 1]);
});

test('a build that failed has no tests', () => {
  assert.deepEqual(of('error: could not compile `tiande` (lib) due to 1 previous error\n'), [0, 0]);
});

test('other numbers are not counted', () => {
  assert.deepEqual(of('3 passed the gate, 4 failed to\nlayers: 4 crates, 3 faults\n'), [0, 0]);
});

test('figures stand in a table', () => {
  const report = { scenario: 'x', officers: 50, tip_to_ack_ms: { p50: 1.25, p95: 2, p99: 3, max: 812.4 }, passed: true };
  const text = table([report]);
  assert.match(text, /\| `officers` \| 50 \|/);
  assert.match(text, /p50 1\.3, p95 2, p99 3, max 812/);
  assert.match(text, /\| limits \| kept \|/);
});

test('a failed test that nextest shows is counted once', () => {
  const output = [
    '        FAIL [   0.223s] (2/2) tiande::black_box http::a_rule',
    '    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 62 filtered out; finished in 0.21s',
    '     Summary [   1.009s] 2 tests run: 1 passed, 1 failed, 0 skipped',
  ].join('\n');
  assert.deepEqual(tally(output), { passed: 1, failed: 1 });
});
