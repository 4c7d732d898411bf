// Counts the tests in the output of a test runner.
//
//   node scripts/tally.mjs LOG…        prints "passed failed"
//
// Tolerant on purpose: it knows the summary lines of cargo test, cargo nextest, vitest, Playwright and
// node --test, whatever colours or words stand around them, and adds up all that it finds. What did
// not run to its end (timed out, flaky, interrupted) counts as failed.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// eslint-disable-next-line no-control-regex
const COLOUR = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Sum of the numbers in front of any of `words` in `text`. */
function sum(text, words) {
  const pattern = new RegExp(`(\\d+)\\s+(?:${words})\\b`, 'g');
  return [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
}

/** Tests in a runner's output: `{ passed, failed }`. */
export function tally(output) {
  let passed = 0;
  let failed = 0;
  // nextest shows the output of a failed test, libtest's own summary in it, and counts it itself.
  const nextest = /^\s*Summary \[.*tests? run:/m.test(output.replace(COLOUR, ''));
  for (const raw of output.replace(COLOUR, '').split(/\r?\n/)) {
    const line = raw.trim();
    let found;
    if ((found = line.match(/^Summary \[.*?\]\s*(.*)$/))) {
      // cargo nextest: Summary [   1.234s] 12 tests run: 10 passed (1 slow), 2 failed, 3 skipped
      const counts = found[1].replace(/^.*?tests? run:/, '');
      // Flaky and slow ones stand in brackets behind the number that holds them.
      const plain = counts.replace(/\([^)]*\)/g, '');
      passed += sum(plain, 'passed');
      failed += sum(plain, 'failed|timed out|exec failed');
      const flaky = sum(counts, 'flaky');
      passed -= flaky;
      failed += flaky;
    } else if (!nextest && /^test result: /.test(line)) {
      // cargo test: test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out
      passed += sum(line, 'passed');
      failed += sum(line, 'failed');
    } else if (/^Tests\s+\d/.test(line)) {
      // vitest: Tests  1 failed | 9 passed | 2 skipped (12)
      passed += sum(line, 'passed');
      failed += sum(line, 'failed');
    } else if ((found = line.match(/^(\d+) (passed|failed|flaky|interrupted|did not run|timed out)(?: \([\d.smh ]+\))?$/))) {
      // Playwright: one line each.
      if (found[2] === 'passed') passed += Number(found[1]);
      else failed += Number(found[1]);
    } else if ((found = line.match(/^(?:#|ℹ) (pass|fail|cancelled) (\d+)$/))) {
      // node --test, both of its reporters.
      if (found[1] === 'pass') passed += Number(found[2]);
      else failed += Number(found[2]);
    }
  }
  return { passed, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = process.argv.slice(2).map((file) => readFileSync(file, 'utf8')).join('\n');
  const { passed, failed } = tally(text);
  console.log(`${passed} ${failed}`);
}
