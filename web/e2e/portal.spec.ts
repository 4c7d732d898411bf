// A party with a telephone: comes in by a link, reads, writes, hands in, is served, and leaves.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { closeAll, expectNoSideScroll, openPortal, OUT, PHONE } from './pages';
import { type Person, type Staff, TestServer } from './server';

/** What a phone in a village loads before it shows anything, bytes of compressed script. */
const SCRIPT_MAX = 45_000;
const NARROW = { width: 320, height: 640 };

let server: TestServer;
let person: Person;
let judge: Staff;
let cases = 0;

test.beforeAll(async () => {
  server = await TestServer.start();
  person = await server.user('judge1', '王法官', ['judge']);
  judge = await server.signIn(person);
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

/** Files a case and has its judge drawn. */
async function filed(): Promise<string> {
  cases += 1;
  const made = await judge.post<{ case: string }>('/api/cases', {
    number: `(2026)豫0783执${cases}号`,
    kind: 'money',
    basis: 'judgment',
    instrument: '(2025)豫0783民初88号',
    claim: 8_000_000,
    applied: '2026-01-05',
    docketed: '2026-01-06',
    claim_text: '请求执行借款本金八万元',
    parties: [
      { role: 'applicant', name: '张三' },
      { role: 'debtor', name: '李四' },
    ],
  });
  await judge.post(`/api/cases/${made.case}/draw`, {});
  return made.case;
}

const order = <T>(id: string, body: unknown): Promise<T> => judge.post<T>(`/api/cases/${id}/file`, body);

async function link(id: string, party: number, purpose: string): Promise<string> {
  return (await order<{ secret: string }>(id, { do: 'link_grant', party, purpose, days: 30 })).secret;
}

/** Money found, and some of it paid out; fen. */
async function paid(id: string, found: number, out: number): Promise<void> {
  await order(id, { do: 'inquire', party: 2 });
  await order(id, { do: 'inquiry_answer', inquiry: 1, found: 1 });
  await order(id, { do: 'asset_find', kind: 'deposit', how: 'query', title: '尾号0001' });
  await order(id, { do: 'asset_control', asset: 1, amount: found });
  await order(id, { do: 'asset_transfer', asset: 1, amount: found });
  await order(id, { do: 'money_post', what: 'paid_out', amount: out, document: '审批表' });
}

interface Samples {
  fields: Record<string, unknown>;
  templates: Record<string, Record<string, unknown>>;
}

/** Issues a document, filled in from the documents' own samples. */
async function issue(id: string, template: string, to: number[]): Promise<void> {
  const path = `${import.meta.dirname}/../../src/documents/tests/samples.json`;
  const samples = JSON.parse(await readFile(path, 'utf8')) as Samples;
  const listed = await judge.get<{ templates: { code: string; fields: { name: string }[] }[] }>('/api/documents/templates');
  const known = listed.templates.find(({ code }) => code === template);
  const values = (known?.fields ?? []).map(({ name }) => [name, samples.templates[template]?.[name] ?? samples.fields[name]]);
  const fields = Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  await judge.post(`/api/cases/${id}/documents`, { template, fields, node: null, to });
}

/** Every screen in one look: nothing beside the screen, nothing that a reader of it cannot use. */
async function look(page: Page, name: string): Promise<void> {
  await expectNoSideScroll(page);
  await expectAccessible(page, `portal: ${name}`);
  await page.screenshot({ path: `${OUT}/portal-${name}.png` });
}

async function downloaded(page: Page, testid: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(testid).last().click()]);
  expect(download.suggestedFilename()).toMatch(/^tiande-receipt-\d+\.json$/);
  return readFile(await download.path(), 'utf8');
}

test('an applicant comes in, reads, writes, hands in, is served and leaves', async ({ browser }) => {
  const id = await filed();
  await paid(id, 4_000_000, 3_000_000);
  await order(id, { do: 'message', party: 1, text: '已发起网络查控，\n请耐心等待。' });
  const token = await link(id, 1, 'party');
  const { page } = await openPortal(browser, server, `/c/#t=${token}`);
  const portal = page.getByTestId('portal');
  await expect(portal).toHaveAttribute('data-phase', 'in');
  // The link is no longer to be seen.
  expect(page.url()).toBe(`${server.url}/portal/`);
  await expect(page.getByTestId('case-number')).toHaveText('(2026)豫0783执1号');
  await expect(page.getByTestId('handler')).toHaveText('王法官');
  await expect(page.getByTestId('money')).toContainText('30,000.00');
  await expect(page.getByTestId('share')).toHaveText('37%');
  await expect(page.getByTestId('held')).toContainText('10,000.00');
  await expect(page.getByTestId('news').locator('li').first()).toBeVisible();
  await expect(page.getByTestId('unread')).toContainText('1');
  await look(page, 'progress');

  // What was read is marked; what is written gets a receipt.
  await page.getByTestId('tab-messages').click();
  await expect(page.getByTestId('message')).toContainText('请耐心等待。');
  await expect(page.getByTestId('unread')).toHaveCount(0);
  await page.getByTestId('message-text').fill('请问什么时候\n能发放？');
  await page.getByTestId('message-send').click();
  await expect(page.getByTestId('message').filter({ hasText: '能发放' })).toHaveAttribute('data-own', 'true');
  await expect(page.getByTestId('message-text')).toHaveValue('');
  expect(await downloaded(page, 'receipt-link')).toContain('tiande-receipt-v1');
  await page.getByTestId('message-text').fill('字'.repeat(10_001));
  await expect(page.getByTestId('message-left')).toContainText('1');
  await expect(page.getByTestId('message-send')).toBeDisabled();
  // What the rules refuse is said in the reader's language, and stays to be mended.
  await page.getByTestId('message-text').fill('响铃\u0007');
  await page.getByTestId('message-send').click();
  await expect(page.getByTestId('message-refused')).toContainText('不能用的字符');
  await expect(page.getByTestId('message-text')).toHaveValue('响铃\u0007');
  await page.getByTestId('message-text').fill('');
  await look(page, 'messages');

  // Served here, to who has agreed to it: it has arrived when it is opened.
  await issue(id, 'leads_request', [1]);
  await order(id, { do: 'consent', party: 1, channels: ['portal'] });
  await order(id, { do: 'send', paper: 1, party: 1, channel: 'portal' });
  await page.getByTestId('tab-papers').click();
  await page.getByTestId('refresh').click();
  await expect(page.getByTestId('paper-for-me')).toHaveCount(1);
  await expect(page.getByTestId('served')).toHaveCount(0);
  const address = await page.getByTestId('paper-for-me').getByTestId('paper-open').getAttribute('href');
  const opened = await page.request.get(`${server.url}${address ?? ''}`);
  expect(opened.headers()['content-type']).toBe('application/pdf');
  await page.getByTestId('refresh').click();
  await expect(page.getByTestId('served')).toBeVisible();

  // Handing in: what is not taken is said at once; what is taken is named by its hash.
  await page.getByTestId('file').setInputFiles({ name: 'a.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') });
  await expect(page.getByTestId('unfit')).toBeVisible();
  await page.getByTestId('file').setInputFiles({ name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('MZ') });
  await page.getByTestId('hand-in-send').click();
  await expect(page.getByTestId('hand-in-refused')).toBeVisible();
  const bytes = Buffer.from('%PDF-1.4\n欠条');
  await page.getByTestId('file').setInputFiles({ name: '欠条.pdf', mimeType: 'application/pdf', buffer: bytes });
  await page.getByTestId('title').fill('欠条');
  await page.getByTestId('note').fill('对方亲笔所写');
  await look(page, 'hand-in');
  await page.getByTestId('hand-in-send').click();
  const hash = createHash('sha256').update(bytes).digest('hex');
  await expect(page.getByTestId('receipt-hash')).toHaveText(hash.replace(/(.{4})(?=.)/g, '$1 '));
  await expect(page.getByTestId('receipt-number')).toHaveText(/^\d+$/);
  await expect(page.getByTestId('paper-mine')).toContainText('欠条');
  await look(page, 'receipt');
  const receipt = await downloaded(page, 'receipt-download');
  expect(receipt).toContain(hash);

  // The receipt is checked on the page for that.
  await page.getByTestId('to-check').click();
  await page.getByTestId('input-receipt').setInputFiles({ name: 'r.json', mimeType: 'application/json', buffer: Buffer.from(receipt) });
  await page.getByTestId('input-file').setInputFiles({ name: '欠条.pdf', mimeType: 'application/pdf', buffer: bytes });
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-mark', /shown|promised/);
  // Back without the link: this telephone knows the visit.
  await page.goto(`${server.url}/portal/#/more`);
  await expect(portal).toHaveAttribute('data-place', 'more');

  await page.getByTestId('lead-text').fill('他的车停在批发市场');
  await page.getByTestId('lead-place').fill('批发市场南门');
  await page.getByTestId('lead-urgent').check();
  await page.getByTestId('lead-send').click();
  await expect(page.getByTestId('lead-given')).toContainText('批发市场南门');

  const appointments = page.getByTestId('appointments');
  await page.getByTestId('meet-ask').click();
  await page.getByTestId('meet-day').fill('2020-01-01');
  await page.getByTestId('meet-time').fill('09:30');
  await expect(page.getByTestId('meet-past')).toBeVisible();
  const soon = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  await page.getByTestId('meet-day').fill(soon);
  await page.getByTestId('meet-reason').fill('谈分期还款');
  await page.getByTestId('meet-send').click();
  await expect(appointments.getByTestId('appointment')).toHaveAttribute('data-deed', 'asked');
  await expect(appointments.getByTestId('appointment')).toContainText('09:30');
  await page.getByTestId('cancel').click();
  await page.getByTestId('cancel-yes').click();
  await expect(appointments.getByTestId('appointment')).toHaveAttribute('data-deed', 'cancelled');

  await order(id, { do: 'situation_note', party: 2, topic: 'vehicles', text: '名下轿车一辆' });
  await order(id, { do: 'situation_release', item: 1, released: true });
  await page.getByTestId('consent-what').click();
  await page.getByTestId('way-portal').check();
  await page.getByTestId('way-sms').check();
  await expect(page.getByTestId('consent-send')).toBeDisabled();
  await page.getByTestId('address-sms').fill('13800000001');
  await page.getByTestId('consent-yes').check();
  await look(page, 'consent');
  await page.getByTestId('consent-send').click();
  await expect(page.getByTestId('consent-now')).toContainText('短信');
  await expect(page.getByTestId('situation')).toContainText('名下轿车一辆');
  await look(page, 'more');

  await page.getByTestId('leave').click();
  await expect(portal).toHaveAttribute('data-phase', 'left');
  await look(page, 'left');
  await page.reload();
  await expect(portal).toHaveAttribute('data-phase', 'gate');
  await look(page, 'gate');
});

test('a debtor, in English, with huge letters on a narrow screen', async ({ browser }) => {
  const id = await filed();
  await paid(id, 4_000_000, 3_000_000);
  await order(id, { do: 'message', party: 2, text: '请于三日内报告财产。' });
  const { page } = await openPortal(browser, server, `/portal/#t=${await link(id, 2, 'party')}`, NARROW);
  await expect(page.getByTestId('portal')).toHaveAttribute('data-phase', 'in');
  // Nothing of what is for applicants.
  await expect(page.getByTestId('money')).toHaveCount(0);
  await page.getByTestId('language').click();
  await page.getByTestId('tab-more').click();
  await expect(page.getByTestId('situation')).toHaveCount(0);
  await page.getByTestId('letters-huge').check();
  // By keys alone; whoever hears the screen hears where it went.
  await page.getByTestId('tab-papers').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  for (const place of ['progress', 'messages', 'papers', 'more']) {
    await page.getByTestId(`tab-${place}`).click();
    await expect(page.getByTestId('portal')).toHaveAttribute('data-place', place);
    await look(page, `huge-${place}`);
  }
});

test('a link for looking on shows how far it is, and nothing else', async ({ browser }) => {
  const id = await filed();
  await paid(id, 8_000_000, 8_000_000);
  await order(id, { do: 'closing_close', how: 'fulfilled', text: '全部到位' });
  const { page } = await openPortal(browser, server, `/c/#t=${await link(id, 1, 'look')}`);
  await expect(page.getByTestId('closed')).toHaveAttribute('data-how', 'fulfilled');
  await expect(page.getByTestId('share')).toHaveText('100%');
  await expect(page.getByTestId('look-only')).toBeVisible();
  await expect(page.getByTestId('tab-messages')).toHaveCount(0);
  await page.goto(`${server.url}/portal/#/papers`);
  await expect(page.getByTestId('portal')).toHaveAttribute('data-place', 'progress');
  await look(page, 'look');
});

test('codes that open nothing say what they are', async ({ browser }) => {
  const id = await filed();
  const token = await link(id, 1, 'party');
  const { page } = await openPortal(browser, server, `/c/#t=${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`);
  const gate = page.getByTestId('gate');
  await expect(gate).toHaveAttribute('data-phase', 'dead');
  await look(page, 'dead');
  const { code } = await judge.get<{ code: string }>(`/api/cases/${id}/code`);
  await page.goto(`${server.url}/c/#t=${code}`);
  await expect(gate).toHaveAttribute('data-code', 'identity');
  await expect(page.getByTestId('portal')).not.toContainText('执4号');
  await look(page, 'identity');
  // A second code is scanned while the page is open.
  await page.goto(`${server.url}/c/#t=h1${'x'.repeat(43)}`);
  await expect(gate).toHaveAttribute('data-code', 'handover');
  await page.goto(`${server.url}/c/#t=${token.slice(0, 20)}`);
  await expect(gate).toHaveAttribute('data-code', 'unknown');
  // What cannot be scanned can be pasted.
  await page.getByTestId('paste').fill('hello');
  await page.getByTestId('paste-go').click();
  await expect(page.getByTestId('paste-bad')).toBeVisible();
  await page.getByTestId('paste').fill(`请点开 ${server.url}/c/#t=${token} 查看`);
  await page.getByTestId('paste-go').click();
  await expect(page.getByTestId('portal')).toHaveAttribute('data-phase', 'in');
});

test('without a network what is known stays, and what is written too', async ({ browser }) => {
  const id = await filed();
  const { page, context } = await openPortal(browser, server, `/c/#t=${await link(id, 1, 'party')}`, PHONE);
  await page.getByTestId('tab-messages').click();
  await expect(page.getByTestId('thread-empty')).toBeVisible();
  await context.setOffline(true);
  await page.getByTestId('message-text').fill('有人吗');
  await page.getByTestId('message-send').click();
  await expect(page.getByTestId('message-refused')).toBeVisible();
  await expect(page.getByTestId('stale')).toBeVisible();
  await expect(page.getByTestId('message-text')).toHaveValue('有人吗');
  await look(page, 'offline');
  await context.setOffline(false);
  await expect(page.getByTestId('stale')).toHaveCount(0);
  await page.getByTestId('message-send').click();
  await expect(page.getByTestId('message')).toContainText('有人吗');
  // Ended by the court while somebody is in.
  await order(id, { do: 'link_revoke', link: 1 });
  await page.getByTestId('refresh').click();
  await expect(page.getByTestId('portal')).toHaveAttribute('data-phase', 'gate');
});

test('little has to be loaded', async () => {
  const home = await (await fetch(`${server.url}/c/`)).text();
  const scripts = [...home.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, path]) => path ?? '');
  expect(scripts.length).toBeGreaterThan(0);
  let bytes = 0;
  for (const path of scripts) bytes += gzipSync(await (await fetch(`${server.url}${path}`)).arrayBuffer(), { level: 9 }).length;
  expect(bytes).toBeLessThanOrEqual(SCRIPT_MAX);
});
