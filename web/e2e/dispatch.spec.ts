// What a dispatcher does by hand.

import { expect, test } from '@playwright/test';
import { type Cable, cable, closeAll, goOnDuty, incidentRow, openConsole, openHandheld, OUT } from './pages';
import { TestServer } from './server';

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start();
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

test('a tip of an unverified source waits for one key', async ({ browser }) => {
  const hotline = await server.source('hotline', false);
  const { code } = await server.device('李娜');
  const desk = await openConsole(browser, server);
  const phone = await openHandheld(browser, server, code);
  await goOnDuty(phone.page, { lat: 35.2031, lon: 114.6702 });

  const { incident } = await server.tip(hotline);
  const row = incidentRow(desk.page, incident);
  await expect(row).toHaveAttribute('data-status', 'awaiting_dispatch');
  await expect(desk.page.getByTestId('waiting-count')).toContainText('1');
  // It opened by itself, because nothing else was open.
  await expect(desk.page.getByTestId('incident-panel')).toHaveAttribute('data-incident', incident);
  await expect(desk.page.getByTestId('candidate')).toHaveCount(1);
  await expect(phone.page.getByTestId('offer')).toHaveCount(0);
  await desk.page.screenshot({ path: `${OUT}/console-awaiting.png` });

  await desk.page.keyboard.press('d');
  await expect(row).toHaveAttribute('data-status', 'searching');
  await expect(phone.page.getByTestId('offer')).toHaveAttribute('data-incident', incident);
  await phone.page.getByTestId('decline').click();
  await expect(phone.page.getByTestId('offer')).toHaveCount(0);
  await expect(row).toHaveAttribute('data-status', 'exhausted');
  await expect(desk.page.getByTestId('alarm')).toHaveAttribute('data-kind', 'exhausted');

  // Nobody is left, so the dispatcher orders: candidate 1 by its key.
  await desk.page.keyboard.press('1');
  await expect(phone.page.getByTestId('task')).toHaveAttribute('data-incident', incident);
  await expect(row).toHaveAttribute('data-status', 'underway');
  await expect(desk.page.getByTestId('alarm-now')).toContainText('处置中');

  await desk.page.getByTestId('cancel-incident').click();
  await desk.page.getByTestId('ask-reason').fill('线索不实');
  await desk.page.getByTestId('ask-yes').click();
  await expect(row).toHaveAttribute('data-status', 'cancelled');
  await expect(phone.page.getByTestId('task')).toHaveCount(0);
  // Its alarm ended with it, without anybody's name.
  await expect(desk.page.getByTestId('alarm')).toHaveCount(0);
});

test('a tip without a place is placed on the map', async ({ browser }) => {
  const caller = await server.source('caller', false);
  const { page } = await openConsole(browser, server);
  const { incident } = await server.tip(caller, { location: undefined, address: undefined });
  const row = incidentRow(page, incident);
  await expect(row).toHaveAttribute('data-status', 'awaiting_place');
  await row.click();
  await page.getByTestId('set-place').click();
  await expect(page.getByTestId('place-hint')).toBeVisible();
  await page.getByTestId('map').click({ position: { x: 330, y: 330 } });
  await expect(row).toHaveAttribute('data-status', 'awaiting_dispatch');
});

test('the queue is worked by keys alone', async ({ browser }) => {
  const source = await server.source('keys', false);
  const first = await server.tip(source);
  const second = await server.tip(source, { kind: 'obstruction' });
  const { page } = await openConsole(browser, server);
  const panel = page.getByTestId('incident-panel');
  await expect(incidentRow(page, second.incident)).toBeVisible();
  await incidentRow(page, first.incident).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(panel).toHaveAttribute('data-incident', second.incident);
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await expect(panel).toHaveAttribute('data-incident', first.incident);
  await page.getByTestId('language').click();
  await expect(page.getByTestId('incident-status')).toHaveText('Awaits dispatch');
});

test('after a broken link the console shows what happened meanwhile', async ({ browser }) => {
  const source = await server.source('meanwhile', false);
  let line: Cable | undefined;
  const { page, context } = await openConsole(browser, server, async (early) => {
    line = await cable(early, '/ws/console');
  });
  await context.setOffline(true);
  await line?.cut();
  await expect(page.getByTestId('link-broken')).toBeVisible();
  const { incident } = await server.tip(source, { kind: 'obstruction' });
  await page.screenshot({ path: `${OUT}/console-offline.png` });
  await expect(incidentRow(page, incident)).toHaveCount(0);
  await context.setOffline(false);
  await expect(page.getByTestId('link-state')).toHaveAttribute('data-state', 'open', { timeout: 30_000 });
  await expect(incidentRow(page, incident)).toHaveAttribute('data-status', 'awaiting_dispatch');
});
