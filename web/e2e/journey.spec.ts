// One incident from the tip to its end, seen from both sides.

import { expect, test } from '@playwright/test';
import { closeAll, goOnDuty, incidentRow, openConsole, openHandheld, OUT } from './pages';
import { TestServer } from './server';

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start();
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

test('a trusted tip reaches an officer, who finishes it', async ({ browser }) => {
  const alpha = await server.source('alpha', true);
  const { code, officer } = await server.device('王建国', '豫0783-07');
  const desk = await openConsole(browser, server);
  const phone = await openHandheld(browser, server, code);
  await goOnDuty(phone.page, { lat: 35.2031, lon: 114.6702 });
  await expect(desk.page.getByTestId('on-duty-count')).toContainText('1');

  const { incident } = await server.tip(alpha);
  const offer = phone.page.getByTestId('offer');
  await expect(offer).toHaveAttribute('data-incident', incident);
  await expect(offer).toContainText('博爱路 118 号');
  await expect(offer).toContainText('(2026)豫0783执123号');
  await phone.page.screenshot({ path: `${OUT}/handheld-offer.png` });

  const row = incidentRow(desk.page, incident);
  await expect(row).toHaveAttribute('data-status', 'searching');
  await row.click();
  const asked = desk.page.locator(`[data-testid="open-offer"][data-officer="${officer}"]`);
  await expect(asked).toHaveAttribute('data-received', 'true');
  await expect(desk.page.getByTestId('decision')).toContainText('王建国');

  await phone.page.getByTestId('accept').click();
  const task = phone.page.getByTestId('task');
  await expect(task).toHaveAttribute('data-stage', 'accepted');
  await expect(row).toHaveAttribute('data-status', 'underway');
  const member = desk.page.getByTestId('crew-member');
  await phone.page.getByTestId('depart').click();
  await expect(member).toHaveAttribute('data-stage', 'en_route');
  await desk.page.screenshot({ path: `${OUT}/console-underway.png` });
  await phone.page.getByTestId('arrive').click();
  await expect(member).toHaveAttribute('data-stage', 'on_scene');
  await phone.page.screenshot({ path: `${OUT}/handheld-on-scene.png` });

  await phone.page.getByTestId('finish').click();
  await phone.page.getByTestId('finish-note').fill('已控制');
  await phone.page.getByTestId('outcome-found').click();
  await expect(task).toHaveCount(0);
  await expect(phone.page.getByTestId('duty-status')).toHaveAttribute('data-status', 'available');
  await expect(row).toHaveAttribute('data-status', 'finished');
  await expect(desk.page.getByTestId('incident-status')).toHaveAttribute('data-status', 'finished');
  await expect(desk.page.getByTestId('outcome')).toHaveText('已找到');
  await expect(desk.page.getByTestId('crew-done')).toContainText('王建国');
  await expect(desk.page.getByTestId('feed')).toContainText('王建国 · 已找到');
  await desk.page.screenshot({ path: `${OUT}/console-finished.png` });
});

test('without positioning one touch gives a place for a demonstration', async ({ browser }) => {
  const { code, officer } = await server.device('林芳');
  const desk = await openConsole(browser, server);
  const { page } = await openHandheld(browser, server, code);
  await page.getByTestId('duty-on_duty').click();
  await page.getByTestId('place-demo').click();
  await expect(page.getByTestId('fix-state')).toHaveAttribute('data-accepted', 'true');
  await expect(page.getByTestId('place-demo')).toHaveCount(0);
  await desk.page.getByTestId('tab-officers').click();
  const row = desk.page.locator(`[data-testid="officer-row"][data-officer="${officer}"]`);
  await expect(row).toHaveAttribute('data-status', 'available');
  await expect(row).toContainText('定位');
});

test('a reload keeps the device and its duty', async ({ browser }) => {
  const { code } = await server.device('陈伟');
  const { page } = await openHandheld(browser, server, code);
  await goOnDuty(page, { lat: 35.21, lon: 114.66 });
  await page.reload();
  await expect(page.getByTestId('duty-status')).toHaveAttribute('data-status', 'available');
  await expect(page.getByTestId('fix-state')).toHaveAttribute('data-accepted', 'true');
});
