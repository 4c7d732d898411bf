// Prints what a soak has counted so far, and says whether that is all.
//
//   node scripts/soak-table.mjs FOLDER KILLS CUTS
//
// Exit code: 0 all is done and clean, 1 something was lost, doubled or broken, 2 not all is done.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The stores of `Store::ALL` in tests/storage_faults/driver.rs. */
const STORES = ['sqlite', 'postgres'];

const COLUMNS = ['faults', 'acked', 'unknown', 'lost', 'doubled', 'broken', 'ready ms'];

/** Lines of the table, and the exit code. `tables` holds `{ wanted, rows }`. */
export function judge(tables) {
  const lines = [['', ...COLUMNS]];
  let code = 0;
  for (const { wanted, rows } of tables) {
    let faults = 0;
    for (const [name, counts] of Object.entries(rows)) {
      lines.push([name, ...counts.map(String)]);
      faults += counts[0];
      if (counts[3] + counts[4] + counts[5] > 0) code = 1;
    }
    lines.push(['  of', `${faults}/${wanted}`, '', '', '', '', '', '']);
    if (faults < wanted && code === 0) code = 2;
  }
  const text = lines.map(([name, ...rest]) => name.padEnd(34) + rest.map((c) => c.padStart(10)).join('')).join('\n');
  return { text, code };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, kills, cuts] = process.argv.slice(2);
  const rows = (name) => {
    const path = join(folder, name);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  };
  const { text, code } = judge(STORES.flatMap((store) => [
    { wanted: Number(kills), rows: rows(`kills-${store}.json`) },
    { wanted: Number(cuts), rows: rows(`cuts-${store}.json`) },
  ]));
  console.log(text);
  process.exit(code);
}
