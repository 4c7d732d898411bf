// What a dispatcher sees of an officer whose telephone is silent, and a console that was cut off.

import { expect, type Page, test } from '@playwright/test';
import { closeAll, goOnDuty, incidentRow, openConsole, openHandheld, OUT } from './pages';
import { TestServer } from './server';

let server: TestServer;
test.beforeAll(async () => {
  server = await TestServer.start({ contact_lost_after_ms: 10_000 });
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

function rowOf(page: Page, officer: string) {
  return page.locator(`[data-testid="officer-row"][data-officer="${officer}"]`);
}

test('a lost contact is shown as what it is, with the age of the last fix', async ({ browser }) => {
  const { code, officer } = await server.device('赵敏', '豫0783-09');
  const desk = await openConsole(browser, server);
  const phone = await openHandheld(browser, server, code);
  await goOnDuty(phone.page, { lat: 35.2031, lon: 114.6702 });
  await desk.page.getByTestId('tab-officers').click();
  const row = rowOf(desk.page, officer);
  await expect(row).toHaveAttribute('data-status', 'available');
  await row.click();
  const card = desk.page.getByTestId('officer-card');
  await expect(card).toContainText('待命');

  await phone.context.close();
  await expect(row).toHaveAttribute('data-status', 'out_of_contact', { timeout: 30_000 });
  await expect(row).toContainText('失联');
  await expect(card).toContainText('失联');
  // The place stays, and says how old it is; the age grows while the page looks on.
  const age = async (): Promise<number> => Number(/(\d+)\s*秒/.exec((await card.textContent()) ?? '')?.[1] ?? Number.NaN);
  const first = await age();
  expect(first).toBeGreaterThanOrEqual(5);
  await expect.poll(age, { timeout: 10_000 }).toBeGreaterThan(first + 2);
  await desk.page.screenshot({ path: `${OUT}/console-lost-contact.png` });
});

test('a console that was cut off is told what it missed, and no more', async ({ browser }) => {
  const source = await server.source('hotline', true);
  const { code, officer } = await server.device('林芳', '豫0783-10');
  const kinds: string[][] = [];
  let binary = 0;
  let cut: () => Promise<void> = async () => undefined;
  const desk = await openConsole(browser, server, async (page) => {
    await page.routeWebSocket('**/ws/console', (socket) => {
      const upstream = socket.connectToServer();
      const seen: string[] = [];
      kinds.push(seen);
      upstream.onMessage((message) => {
        if (typeof message === 'string') seen.push((JSON.parse(message) as { type: string }).type);
        else binary += 1;
        socket.send(message);
      });
      cut = async () => {
        await upstream.close();
        await socket.close();
      };
    });
  });
  const phone = await openHandheld(browser, server, code);
  await goOnDuty(phone.page, { lat: 35.2031, lon: 114.6702 });
  await desk.page.getByTestId('tab-officers').click();
  await expect(rowOf(desk.page, officer)).toHaveAttribute('data-status', 'available');
  await expect.poll(() => binary).toBeGreaterThan(0);
  expect(kinds[0]).toContain('welcome');
  expect(kinds.flat()).not.toContain('tick');

  await cut();
  const { incident } = await server.tip(source);
  await phone.page.getByTestId('accept').click();
  await expect(rowOf(desk.page, officer)).toHaveAttribute('data-status', 'committed', { timeout: 20_000 });
  await expect.poll(() => kinds.at(-1)?.includes('resumed')).toBe(true);
  expect(kinds.slice(1).flat()).not.toContain('welcome');
  await desk.page.getByTestId('tab-queue').click();
  await expect(incidentRow(desk.page, incident)).toHaveAttribute('data-status', 'underway');
});
