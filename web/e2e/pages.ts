// The pages, as their users act on them.

import { type Browser, type BrowserContext, expect, type Page } from '@playwright/test';
import { DISPATCHER, type Person, type TestServer } from './server';

export const OUT = `${import.meta.dirname}/out`;
export const PHONE = { width: 360, height: 740 };
const DESK = { width: 1440, height: 860 };

const opened: BrowserContext[] = [];

/** After each test: pages left open go on drawing maps, and the next test pays for it. */
export async function closeAll(): Promise<void> {
  for (const context of opened.splice(0)) await context.close();
}

export interface Opened {
  page: Page;
  context: BrowserContext;
}

/** A handheld that is enrolled; not yet on duty. */
export async function openHandheld(
  browser: Browser,
  server: TestServer,
  code: string,
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<Opened> {
  const context = await browser.newContext({ viewport: PHONE, hasTouch: true });
  opened.push(context);
  const page = await context.newPage();
  watch(page);
  await prepare(page);
  await page.goto(`${server.url}/handheld/`);
  await page.getByTestId('enrol-code').fill(code);
  await page.getByTestId('enrol-submit').click();
  await expect(page.getByTestId('unit')).toHaveAttribute('data-link', 'open');
  return { page, context };
}

export async function goOnDuty(page: Page, at: { lat: number; lon: number }): Promise<void> {
  await page.getByTestId('duty-on_duty').click();
  await expect(page.getByTestId('duty-status')).toHaveAttribute('data-status', 'available');
  await page.getByTestId('place-panel').locator('summary').click();
  await page.getByTestId('lat').fill(String(at.lat));
  await page.getByTestId('lon').fill(String(at.lon));
  await page.getByTestId('set-place').click();
  await expect(page.getByTestId('fix-state')).toHaveAttribute('data-accepted', 'true');
  await page.getByTestId('place-panel').locator('summary').click();
}

/** A console with its dispatcher signed in and everything loaded. */
export async function openConsole(
  browser: Browser,
  server: TestServer,
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<Opened> {
  const context = await browser.newContext({ viewport: DESK });
  opened.push(context);
  const page = await context.newPage();
  watch(page);
  await prepare(page);
  await page.goto(`${server.url}/console/`);
  await page.getByTestId('username').fill(DISPATCHER.username);
  await page.getByTestId('password').fill(DISPATCHER.password);
  await page.getByTestId('sign-in-submit').click();
  await expect(page.getByTestId('desk')).toHaveAttribute('data-resynced', 'true', { timeout: 20_000 });
  await expect(page.getByTestId('map')).toHaveAttribute('data-ready', 'true', { timeout: 20_000 });
  return { page, context };
}

/** A desk with somebody signed in. */
export async function openDesk(browser: Browser, server: TestServer, who: Person, viewport = DESK): Promise<Opened> {
  const context = await browser.newContext({ viewport });
  opened.push(context);
  const page = await context.newPage();
  watch(page);
  await page.goto(`${server.url}/desk/`);
  await page.getByTestId('username').fill(who.username);
  await page.getByTestId('password').fill(who.password);
  await page.getByTestId('sign-in-submit').click();
  await expect(page.getByTestId('desk-page')).toBeVisible();
  return { page, context };
}

/** A desk's calculator, for whoever has not signed in. */
export async function openCalculator(browser: Browser, server: TestServer, viewport = DESK): Promise<Opened> {
  const context = await browser.newContext({ viewport });
  opened.push(context);
  const page = await context.newPage();
  watch(page);
  await page.goto(`${server.url}/desk/#/calculator`);
  await expect(page.getByTestId('calculator-form')).toBeVisible();
  return { page, context };
}

/** The portal on a telephone, by an address that carries a code, or by none. */
export async function openPortal(browser: Browser, server: TestServer, address: string, viewport = PHONE): Promise<Opened> {
  const context = await browser.newContext({ viewport, hasTouch: true, colorScheme: 'light' });
  opened.push(context);
  const page = await context.newPage();
  watch(page);
  await page.goto(`${server.url}${address}`);
  return { page, context };
}

export interface Cable {
  /** Types of the frames the page has sent. */
  sent: string[];
  cut: () => Promise<void>;
}

/** The browser's offline switch does not cut an open socket, so a test stands in between. */
export async function cable(page: Page, path: string): Promise<Cable> {
  const made: Cable = { sent: [], cut: async () => undefined };
  await page.routeWebSocket(`**${path}`, (socket) => {
    const upstream = socket.connectToServer();
    socket.onMessage((message) => {
      made.sent.push(String((JSON.parse(String(message)) as { type: string }).type));
      upstream.send(message);
    });
    made.cut = async () => {
      await socket.close();
      await upstream.close();
    };
  });
  return made;
}

export function incidentRow(page: Page, incident: string) {
  return page.locator(`[data-testid="incident-row"][data-incident="${incident}"]`);
}

/** A page that throws, or that its own CSP stops, is broken even when the test passes. */
function watch(page: Page): void {
  page.on('pageerror', (error) => {
    throw new Error(`page error: ${error.message}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Refused to/.test(message.text())) {
      throw new Error(message.text());
    }
  });
}

export async function expectNoSideScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(window ?? 0);
}
