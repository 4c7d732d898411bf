// Silence on scene: the officer is asked, and who does not answer is looked for.

import { expect, test } from '@playwright/test';
import { closeAll, goOnDuty, incidentRow, openConsole, openHandheld, OUT } from './pages';
import { TestServer } from './server';

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({ welfare_after_ms: 3000, welfare_answer_ms: 4000 });
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

test('asked on scene, answered once, then silent: the centre is alarmed', async ({ browser }) => {
  const source = await server.source('hotline', true);
  const { code } = await server.device('赵敏', '豫0783-09');
  const desk = await openConsole(browser, server);
  const { page } = await openHandheld(browser, server, code);
  await goOnDuty(page, { lat: 35.2101, lon: 114.6822 });
  const { incident } = await server.tip(source);
  await page.getByTestId('accept').click();
  await page.getByTestId('depart').click();
  await page.getByTestId('arrive').click();

  await expect(page.getByTestId('welfare')).toBeVisible({ timeout: 15_000 });
  await page.screenshot({ path: `${OUT}/handheld-welfare.png` });
  await page.getByTestId('well').click();
  await expect(page.getByTestId('welfare')).toHaveCount(0);

  // The wait begins anew; this time nobody answers.
  await expect(page.getByTestId('welfare')).toBeVisible({ timeout: 15_000 });
  await incidentRow(desk.page, incident).click();
  await expect(desk.page.locator('[data-testid="welfare"][data-welfare="asked"]')).toBeVisible();
  const alarm = desk.page.locator('[data-testid="alarm"][data-kind="officer_silent"]').first();
  await expect(alarm).toBeVisible({ timeout: 15_000 });
  await expect(alarm).toContainText('赵敏');
  await expect(desk.page.locator('[data-testid="welfare"][data-welfare="silent"]')).toBeVisible();
  await desk.page.screenshot({ path: `${OUT}/console-silent.png` });

  await page.getByTestId('well').click();
  await expect(desk.page.locator('[data-testid="welfare"][data-welfare="silent"]')).toHaveCount(0);
});
