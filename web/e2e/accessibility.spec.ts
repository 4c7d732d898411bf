// Every screen, looked at by axe, and kept as a picture for people to look at.

import { expect, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { closeAll, expectNoSideScroll, goOnDuty, incidentRow, openConsole, openHandheld, OUT } from './pages';
import { TestServer } from './server';

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start();
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

test('the console', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 860 } });
  const gate = await context.newPage();
  await gate.goto(`${server.url}/console/`);
  await expect(gate.getByTestId('sign-in')).toBeVisible();
  await expectAccessible(gate, 'console: sign-in');
  await gate.screenshot({ path: `${OUT}/console-sign-in.png` });
  await gate.getByTestId('username').fill('nobody');
  await gate.getByTestId('password').fill('wrong-password-here');
  await gate.getByTestId('sign-in-submit').click();
  await expect(gate.getByTestId('sign-in-refused')).toBeVisible();
  await expectAccessible(gate, 'console: sign-in refused');
  await context.close();

  const { page } = await openConsole(browser, server);
  await expect(page.getByTestId('queue-empty')).toBeVisible();
  await expectAccessible(page, 'console: empty');
  await page.screenshot({ path: `${OUT}/console-empty.png` });

  const source = await server.source('axe', false);
  await server.device('吴静', '豫0783-11');
  const { incident } = await server.tip(source);
  await incidentRow(page, incident).click();
  await expect(page.getByTestId('timeline').locator('li').first()).toBeVisible();
  await expectAccessible(page, 'console: incident');
  await page.getByTestId('cancel-incident').click();
  await expectAccessible(page, 'console: question');
  await page.screenshot({ path: `${OUT}/console-question.png` });
  await page.keyboard.press('Escape');
  await page.getByTestId('tab-officers').click();
  await expect(page.getByTestId('officer-row')).toHaveCount(1);
  await expectAccessible(page, 'console: officers');
  await page.screenshot({ path: `${OUT}/console-officers.png` });
  await page.keyboard.press('?');
  await expectAccessible(page, 'console: keys');
});

test('the handheld, by night and by day', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
  const gate = await context.newPage();
  await gate.goto(`${server.url}/handheld/`);
  await expect(gate.getByTestId('enrol')).toBeVisible();
  await expectAccessible(gate, 'handheld: enrolment');
  await expectNoSideScroll(gate);
  await gate.screenshot({ path: `${OUT}/handheld-enrol.png` });
  await gate.getByTestId('enrol-code').fill('no-such-code');
  await gate.getByTestId('enrol-submit').click();
  await expect(gate.getByTestId('enrol-refused')).toBeVisible();
  await expectAccessible(gate, 'handheld: enrolment refused');
  await context.close();

  const { code } = await server.device('郑洋');
  const { page } = await openHandheld(browser, server, code);
  await expectAccessible(page, 'handheld: off duty');
  await page.screenshot({ path: `${OUT}/handheld-off-duty.png` });
  await goOnDuty(page, { lat: 35.2031, lon: 114.6702 });
  await page.getByTestId('place-panel').locator('summary').click();
  await expectAccessible(page, 'handheld: place');
  await expectNoSideScroll(page);
  await page.screenshot({ path: `${OUT}/handheld-place.png` });

  const trusted = await server.source('axetrusted', true);
  await server.tip(trusted);
  await expect(page.getByTestId('offer')).toBeVisible();
  await expectAccessible(page, 'handheld: offer');
  await expectNoSideScroll(page);
  await page.getByTestId('accept').click();
  await expect(page.getByTestId('task')).toBeVisible();
  await expectAccessible(page, 'handheld: task');
  await expectNoSideScroll(page);
  await page.screenshot({ path: `${OUT}/handheld-task.png` });
  await page.getByTestId('theme').click();
  await expectAccessible(page, 'handheld: task, other theme');
  await page.screenshot({ path: `${OUT}/handheld-task-day.png` });
  await page.getByTestId('depart').click();
  await page.getByTestId('arrive').click();
  await page.getByTestId('finish').click();
  await expectAccessible(page, 'handheld: outcome');
  await expectNoSideScroll(page);

  const targets = await page.locator('main button:visible, main a:visible, footer button:visible').all();
  for (const target of targets) {
    const box = await target.boundingBox();
    expect(box?.height ?? 0, (await target.textContent()) ?? '').toBeGreaterThanOrEqual(60);
  }
});
