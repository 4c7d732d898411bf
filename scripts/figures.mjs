// Prints the figures of drill reports as a Markdown table, for people and for the README.
//
//   node scripts/figures.mjs load-tests/out/county/report.json …

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const SHOWN = [
  'officers',
  'positions_sent',
  'positions_per_s',
  'positions_refused_ratio',
  'tips_sent',
  'tips_acked',
  'tips_lost',
  'tip_to_ack_ms',
  'tip_to_offer_ms',
  'tip_to_accept_ms',
  'offers',
  'offers_judged',
  'offers_not_nearest',
  'double_commitments',
  'incidents_exhausted',
  'sos_acked',
  'sos_to_ack_ms',
  'accept_to_ack_ms',
  'commands_shed',
  'storm_tips_per_s',
  'normal_again_s',
  'restarts',
  'server_rss_mb_max',
  'server_cpu_s',
];

function number(value) {
  if (typeof value !== 'number') return '–';
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3);
}

function cell(value) {
  if (value && typeof value === 'object') {
    return ['p50', 'p95', 'p99', 'max'].map((q) => `${q} ${number(value[q])}`).join(', ');
  }
  return number(value);
}

/** A table with a column for each report. */
export function table(reports) {
  const names = reports.map((report) => report.scenario ?? '?');
  const rows = SHOWN.map((key) => [`\`${key}\``, ...reports.map((report) => cell(report[key]))]);
  rows.push(['limits', ...reports.map((report) => (report.passed ? 'kept' : 'broken'))]);
  const lines = [['', ...names], names.concat('').map(() => '---'), ...rows];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = process.argv.slice(2);
  if (files.length === 0) {
    console.error('usage: node scripts/figures.mjs REPORT.json…');
    process.exit(2);
  }
  console.log(table(files.map((file) => JSON.parse(readFileSync(file, 'utf8')))));
}
