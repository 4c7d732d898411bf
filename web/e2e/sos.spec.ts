// An officer in danger: the one thing that must always work.

import { expect, type Page, test } from '@playwright/test';
import { type Cable, cable, closeAll, goOnDuty, openConsole, openHandheld, OUT } from './pages';
import { DISPATCHER, TestServer } from './server';

const HOLD_MS = 2300;

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start();
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

async function holdSos(page: Page, ms: number): Promise<void> {
  const box = await page.getByTestId('sos').boundingBox();
  if (!box) throw new Error('no SOS button');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.waitForTimeout(ms);
  await page.mouse.up();
}

test('held for two seconds it alarms the centre, until somebody puts a name to it', async ({ browser }) => {
  const { code } = await server.device('赵敏', '豫0783-09');
  const desk = await openConsole(browser, server);
  await desk.page.getByTestId('start-shift').click();
  const phone = await openHandheld(browser, server, code);
  await goOnDuty(phone.page, { lat: 35.2101, lon: 114.6822 });

  await holdSos(phone.page, 700);
  await expect(phone.page.getByTestId('sos-state')).toHaveCount(0);
  await holdSos(phone.page, HOLD_MS);
  await expect(phone.page.getByTestId('sos-state')).toHaveAttribute('data-stage', 'sent');
  await phone.page.screenshot({ path: `${OUT}/handheld-sos.png` });

  const alarm = desk.page.locator('[data-testid="alarm"][data-kind="sos"]');
  await expect(alarm).toBeVisible();
  await expect(desk.page.getByRole('alert')).toContainText('干警求助');
  await expect(desk.page.getByTestId('sos-count')).toContainText('1');
  await desk.page.screenshot({ path: `${OUT}/console-sos.png` });

  await alarm.getByTestId('alarm-ack').click();
  await expect(alarm).toHaveCount(0);
  await expect(desk.page.getByTestId('alarm-acked')).toContainText(DISPATCHER.name);
});

test('pressed without a network it goes out first when the network is back', async ({ browser }) => {
  const { code } = await server.device('孙磊');
  const desk = await openConsole(browser, server);
  let line: Cable | undefined;
  const { page, context } = await openHandheld(browser, server, code, async (early) => {
    line = await cable(early, '/ws/handheld');
  });
  await page.getByTestId('duty-on_duty').click();
  await expect(page.getByTestId('duty-status')).toHaveAttribute('data-status', 'available');

  await context.setOffline(true);
  await line?.cut();
  await expect(page.getByTestId('offline')).toBeVisible();
  await page.getByTestId('duty-break').click();
  await holdSos(page, HOLD_MS);
  await expect(page.getByTestId('sos-state')).toHaveAttribute('data-stage', 'waiting');
  await page.screenshot({ path: `${OUT}/handheld-sos-offline.png` });
  line?.sent.splice(0);
  await context.setOffline(false);
  await expect(page.getByTestId('sos-state')).toHaveAttribute('data-stage', 'sent', { timeout: 30_000 });
  expect(line?.sent.slice(0, 3)).toEqual(['hello', 'sos', 'duty']);
  await expect(desk.page.locator('[data-testid="alarm"][data-kind="sos"]').first()).toBeVisible();
});

test('it works by the keyboard too', async ({ browser }) => {
  const { code } = await server.device('周涛');
  const { page } = await openHandheld(browser, server, code);
  await page.getByTestId('sos').focus();
  await page.keyboard.down('Enter');
  await page.waitForTimeout(HOLD_MS);
  await page.keyboard.up('Enter');
  await expect(page.getByTestId('sos-state')).toHaveAttribute('data-stage', 'sent');
});
