// Further tips about one thing, their pictures, and how a dispatcher takes them apart.

import { expect, type Locator, test } from '@playwright/test';
import { closeAll, expectNoSideScroll, incidentRow, openConsole, OUT } from './pages';
import { brokenPicture, picture } from './pictures';
import { TestServer } from './server';

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({}, { within_m: 150 });
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

/** Width and height of an image that has been painted. */
function painted(image: Locator): Promise<[number, number]> {
  return image.evaluate((it: HTMLImageElement) => [it.naturalWidth, it.naturalHeight]);
}

test('pictures of a tip are shown small, and open larger', async ({ browser }) => {
  const source = await server.source('camera', false);
  const { incident, tip } = await server.tip(source, {
    location: { lat: 35.21, lon: 114.66, accuracy_m: 10 },
    media: [picture(640, 320, [200, 30, 30]), brokenPicture()],
  });
  const { page, context } = await openConsole(browser, server);
  await incidentRow(page, incident).click();
  const list = page.locator(`[data-testid="pictures"][data-tip="${tip}"]`);
  const shown = list.getByTestId('picture');
  await expect(shown).toHaveCount(2);
  await expect(shown.nth(0)).toHaveAttribute('data-state', 'shown');
  expect(await painted(shown.nth(0).locator('img'))).toEqual([240, 120]);
  await expect(shown.nth(1)).toHaveAttribute('data-state', 'failed');
  await expect(shown.nth(1)).toHaveText('图片无法显示');
  await page.screenshot({ path: `${OUT}/console-pictures.png` });
  await expectNoSideScroll(page);

  const opening = context.waitForEvent('page');
  await shown.nth(0).click();
  const larger = await opening;
  await larger.waitForLoadState();
  expect(larger.url()).toContain(`/api/courts/changyuan/tips/${tip}/pictures/0`);
  expect(await painted(larger.locator('img'))).toEqual([640, 320]);
});

test('a further tip joins its incident and is split off again', async ({ browser }) => {
  const source = await server.source('neighbours', false);
  const place = (lat: number) => ({ lat, lon: 114.7, accuracy_m: 10 });
  const first = await server.tip(source, { location: place(35.22) });
  const { page } = await openConsole(browser, server);
  await incidentRow(page, first.incident).click();
  const panel = page.getByTestId('incident-panel');
  await expect(panel).toHaveAttribute('data-incident', first.incident);
  await expect(page.getByTestId('further-tips')).toHaveCount(0);

  const second = await server.tip(source, {
    location: place(35.2204),
    description: '他把货装完了，正要开车走',
    media: [picture(320, 240, [30, 30, 200])],
  });
  expect(second.incident).toBe(first.incident);
  const merged = page.locator(`[data-testid="merged-tip"][data-tip="${second.tip}"]`);
  await expect(merged).toHaveAttribute('data-rule', 'same_case');
  await expect(merged).toContainText('他把货装完了，正要开车走');
  await expect(merged.getByTestId('picture')).toHaveAttribute('data-state', 'shown');
  await expect(page.getByTestId('further-tips')).toContainText('共 2 条');
  await page.screenshot({ path: `${OUT}/console-merged.png` });
  await expectNoSideScroll(page);

  await merged.getByTestId('split-tip').click();
  await page.getByTestId('ask-reason').fill('另一辆车');
  await page.getByTestId('ask-yes').click();
  await expect(page.getByTestId('further-tips')).toHaveCount(0);
  await expect(panel).toHaveAttribute('data-incident', first.incident);
  const others = page.locator(`[data-testid="incident-row"]:not([data-incident="${first.incident}"])`);
  // One from this split, and perhaps one of the other test.
  await expect(others.first()).toBeVisible();
  const seen = await page.evaluate(async (tip) => (await fetch(`/api/tips/${tip}`)).json(), second.tip);
  expect(seen.moved).toEqual([{ from: first.incident, to: seen.incident, at: expect.any(Number) }]);
  await expect(incidentRow(page, seen.incident)).toHaveAttribute('data-status', 'awaiting_dispatch');
  await incidentRow(page, seen.incident).click();
  await expect(page.locator(`[data-testid="pictures"][data-tip="${second.tip}"]`).getByTestId('picture')).toHaveAttribute('data-state', 'shown');
});
