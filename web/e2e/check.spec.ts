// The page that checks receipts, with the network off, by what a server has handed out.

import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { closeAll, expectNoSideScroll, OUT, PHONE } from './pages';
import { TestServer } from './server';

let server: TestServer;
let golden: Record<string, unknown>;

test.beforeAll(async () => {
  server = await TestServer.start();
  golden = JSON.parse(await readFile(`${import.meta.dirname}/../../tests/golden/proof.json`, 'utf8')) as typeof golden;
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

const file = (name: string, text: string) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });

test('a receipt is checked without a network', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
  const page = await context.newPage();
  const refused: string[] = [];
  page.on('console', (line) => {
    if (line.type() === 'error') refused.push(line.text());
  });
  await page.goto(`${server.url}/check/`);
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-mark', 'waiting');
  await expectAccessible(page, 'check: empty');
  await context.setOffline(true);
  const later = golden['later'] as { public_key: string };
  const roots = (golden['roots'] as unknown[]).map((root) => JSON.stringify(root)).join('\n');
  // Dropped together, each goes where it belongs.
  const dropped = await page.evaluateHandle(
    (files) => {
      const data = new DataTransfer();
      for (const [name, text] of files) data.items.add(new File([text ?? ''], name ?? ''));
      return data;
    },
    [
      ['receipt.json', JSON.stringify(later)],
      ['court.roots', roots],
      ['key.txt', `${later.public_key}\n`],
    ],
  );
  await page.dispatchEvent('main', 'drop', { dataTransfer: dropped });
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-mark', 'shown');
  for (const [slot, name] of [['receipt', 'receipt.json'], ['roots', 'court.roots'], ['key', 'key.txt']]) {
    await expect(page.getByTestId(`name-${slot ?? ''}`)).toHaveText(name ?? '');
  }
  await expect(page.getByTestId('steps').locator('li')).toHaveCount(4);
  await expectAccessible(page, 'check: shown');
  await page.screenshot({ path: `${OUT}/check-shown.png`, fullPage: true });
  // A file that was not handed in, then a receipt that was changed.
  await page.getByTestId('input-file').setInputFiles(file('paper.pdf', 'not it'));
  await expect(page.getByTestId('why')).toHaveAttribute('data-why', 'noFile');
  const bad = JSON.stringify(later).replace('"seq":2', '"seq":3');
  await page.getByTestId('input-receipt').setInputFiles(file('bad.json', bad));
  await expect(page.getByTestId('why')).toHaveAttribute('data-why', 'recordChanged');
  await expectAccessible(page, 'check: refused');
  // A promise, on a telephone.
  await page.getByTestId('again').click();
  await page.setViewportSize(PHONE);
  await page.getByTestId('input-receipt').setInputFiles(file('promise.json', JSON.stringify(golden['promise'])));
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-mark', 'promised');
  await expectNoSideScroll(page);
  await expectAccessible(page, 'check: promise');
  expect(refused).toEqual([]);
  await context.close();
});
