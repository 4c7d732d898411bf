// What officers do in the field, step by step, from the telephone into the case's file.

import { gzipSync } from 'node:zlib';
import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { closeAll, expectNoSideScroll, goOnDuty, openHandheld, type Opened, OUT, PHONE } from './pages';
import { picture } from './pictures';
import { DISPATCHER, type Source, type Staff, TestServer } from './server';

/** What the handheld loads before it shows anything, bytes of compressed script. */
const SCRIPT_MAX = 45_000;
const AT = { lat: 35.2031, lon: 114.6702 };

let server: TestServer;
let judge: Staff;
let dispatcher: Staff;
let source: Source;
let cases = 0;

test.beforeAll(async () => {
  server = await TestServer.start();
  judge = await server.signIn(await server.user('judge1', '王法官', ['judge']));
  dispatcher = await server.signIn({ ...DISPATCHER, id: '' });
  source = await server.source('alpha', true);
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

interface Step {
  part: string;
  what?: string;
}

interface File {
  story: Step[];
  state: Record<string, unknown>;
}

interface Task extends Opened {
  case: string;
  incident: string;
  /** Another officer of the court. */
  second: string;
}

/** A case that is drawn, with a car found. */
async function filed(): Promise<{ id: string; number: string }> {
  cases += 1;
  const number = `(2026)豫0783执${cases}号`;
  const made = await judge.post<{ case: string }>('/api/cases', {
    number,
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
  await judge.post(`/api/cases/${made.case}/file`, {
    do: 'asset_find',
    kind: 'vehicle',
    how: 'lead',
    title: '豫G12345',
  });
  return { id: made.case, number };
}

/** An officer on the way to a tip; `number`: of a case or of none. */
async function onTask(browser: Parameters<typeof openHandheld>[0], number: string, bound = true): Promise<Opened & { incident: string; second: string }> {
  const first = await server.device(`王建国${cases}`, null);
  const second = await server.device(`李卫东${cases}`, null);
  const phone = await openHandheld(browser, server, first.code);
  await goOnDuty(phone.page, AT);
  const { incident } = await server.tip(source, { case_number: number, exercise: false });
  await expect(phone.page.getByTestId('offer')).toHaveAttribute('data-incident', incident);
  await phone.page.getByTestId('accept').click();
  await phone.page.getByTestId('depart').click();
  await phone.page.getByTestId('arrive').click();
  await expect(phone.page.getByTestId('task')).toHaveAttribute('data-stage', 'on_scene');
  if (bound) {
    await expect
      .poll(async () => (await dispatcher.get<{ case: string | null }>(`/api/incidents/${incident}`)).case)
      .not.toBeNull();
  }
  return { ...phone, incident, second: second.officer };
}

async function begin(browser: Parameters<typeof openHandheld>[0]): Promise<Task> {
  const { id, number } = await filed();
  return { ...(await onTask(browser, number)), case: id };
}

const file = (id: string): Promise<File> => judge.get<File>(`/api/cases/${id}/file`);
const measures = async (id: string): Promise<Step[]> => (await file(id)).story.filter(({ part }) => part === 'measure');

/** A photograph as a camera makes it: large, and with too much in it to be small. */
async function photograph(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    canvas.width = 3600;
    canvas.height = 2700;
    const context = canvas.getContext('2d');
    const grain = new ImageData(canvas.width, canvas.height);
    let seed = 7;
    for (let i = 0; i < grain.data.length; i++) {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      grain.data[i] = i % 4 === 3 ? 255 : seed >> 16;
    }
    context?.putImageData(grain, 0, 0);
    return canvas.toDataURL('image/jpeg', 0.9).split(',')[1] ?? '';
  });
  return Buffer.from(base64, 'base64');
}

const jpeg = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/jpeg', buffer });
const plain = () => ({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from(picture(640, 480, [40, 90, 160]).data, 'base64') });

async function name(page: Page, officer: string): Promise<void> {
  await page.getByTestId('with-more').click();
  await page.getByTestId('with-name').fill('李卫东');
  await page.getByTestId('with-code').fill(officer);
  await page.getByTestId('with-add').click();
  await expect(page.locator(`[data-testid="with"][data-officer="${officer}"]`)).toHaveAttribute('aria-pressed', 'true');
}

async function look(page: Page, screen: string): Promise<void> {
  await expectNoSideScroll(page);
  await expectAccessible(page, `measures: ${screen}`);
  await page.screenshot({ path: `${OUT}/measures-${screen}.png` });
}

/** Tall enough to see all of a screen at once. */
async function whole(page: Page, screen: string): Promise<void> {
  await page.setViewportSize({ width: PHONE.width, height: 1900 });
  await page.screenshot({ path: `${OUT}/measures-${screen}-whole.png` });
  await page.setViewportSize(PHONE);
}

const listed = (page: Page, kind: string) => page.locator(`[data-testid="measure"][data-kind="${kind}"]`);

test('steps with pictures are recorded and stand in the case’s file', async ({ browser }) => {
  const task = await begin(browser);
  const { page } = task;
  await look(page, 'task');
  await page.getByTestId('field-open').click();
  await expect(page.getByTestId('field-empty')).toBeVisible();
  await look(page, 'empty');

  await page.getByTestId('step-arrived').click();
  await look(page, 'arrived');
  await page.getByTestId('step-record').click();
  await expect(listed(page, 'arrived')).toHaveAttribute('data-state', 'done');

  await page.getByTestId('step-announced').click();
  const large = await photograph(page);
  expect(large.length).toBeGreaterThan(2_000_000);
  await page.getByTestId('step-camera').setInputFiles([jpeg('large.jpg', large)]);
  await expect(page.getByTestId('step-picture')).toHaveCount(1, { timeout: 30_000 });
  expect(Number(await page.getByTestId('step-picture').getAttribute('data-bytes'))).toBeLessThanOrEqual(2_000_000);
  await page.getByTestId('step-camera').setInputFiles([{ name: 'no.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }]);
  await expect(page.getByTestId('picture-state')).toContainText('重拍');
  await page.getByTestId('step-camera').setInputFiles([plain()]);
  await expect(page.getByTestId('step-picture')).toHaveCount(2);
  await page.getByTestId('step-text').fill('已出示工作证，告知全程录音录像');
  await look(page, 'announced');
  await page.getByTestId('step-record').click();
  const recorded = listed(page, 'announced');
  await expect(recorded).toHaveAttribute('data-state', 'done', { timeout: 20_000 });
  await expect(recorded.getByTestId('picture-hash')).toHaveCount(2);
  const short = await recorded.getByTestId('picture-hash').allTextContents();
  await look(page, 'recorded');

  const told = JSON.stringify(await measures(task.case));
  expect(await measures(task.case)).toHaveLength(2);
  for (const hash of short) expect(told).toContain(hash);
  expect(told).toContain(await recorded.getAttribute('data-measure'));

  // In the other colours and in English too.
  await page.getByTestId('theme').click();
  await page.getByTestId('language').click();
  await look(page, 'recorded-night-en');
  await page.getByTestId('step-searched').click();
  await look(page, 'searched-night-en');
  await whole(page, 'searched-night-en');
});

test('what takes two officers is refused until a second one is named', async ({ browser }) => {
  const task = await begin(browser);
  const { page } = task;
  await page.getByTestId('field-open').click();
  await page.getByTestId('step-sealed').click();
  await expect(page.getByTestId('two-rule')).toHaveAttribute('data-met', 'false');
  await expect(page.getByTestId('step-record')).toBeDisabled();
  await look(page, 'sealed-alone');
  await page.getByTestId('with-more').click();
  await page.getByTestId('with-name').fill('李卫东');
  await page.getByTestId('with-code').fill((await page.getByTestId('own-code').textContent()) ?? '');
  await page.getByTestId('with-add').click();
  await expect(page.getByTestId('with-fault')).toContainText('本机');
  await page.getByTestId('with-code').fill(task.second.slice(0, 20));
  await page.getByTestId('with-add').click();
  await expect(page.getByTestId('with-fault')).toContainText('完整');
  await look(page, 'second-wrong');
  await page.getByTestId('with-code').fill(task.second);
  await page.getByTestId('with-add').click();
  await expect(page.getByTestId('two-rule')).toHaveAttribute('data-met', 'true');
  await expect(page.getByTestId('step-record')).toBeDisabled();
  await page.getByTestId('step-asset').fill('1');
  await whole(page, 'sealed');

  // The camera of a telephone throws the page away: what was begun is still there.
  await page.getByTestId('step-camera').setInputFiles([plain()]);
  await expect(page.getByTestId('step-picture')).toHaveCount(1);
  await page.reload();
  await page.getByTestId('field-open').click();
  await expect(page.getByTestId('step-sealed')).toContainText('未完成');
  await page.getByTestId('step-sealed').click();
  await expect(page.getByTestId('step-picture')).toHaveCount(1);
  await expect(page.getByTestId('step-asset')).toHaveValue('1');
  await page.getByTestId('step-record').click();
  await expect(listed(page, 'sealed')).toHaveAttribute('data-state', 'done');
  const [sealed] = await measures(task.case);
  expect(JSON.stringify(sealed)).toContain(task.second);

  // The telephone knows the colleague from now on.
  await page.getByTestId('step-searched').click();
  await page.locator(`[data-testid="with"][data-officer="${task.second}"]`).click();
  await page.getByTestId('step-record').click();
  await expect(listed(page, 'searched')).toHaveAttribute('data-state', 'done');
  expect(await measures(task.case)).toHaveLength(2);
});

test('recorded without a network it survives a reload and goes out once, in order', async ({ browser }) => {
  const task = await begin(browser);
  const { page, context } = task;
  await page.getByTestId('field-open').click();
  await context.setOffline(true);
  await page.getByTestId('step-arrived').click();
  await page.getByTestId('step-camera').setInputFiles([plain()]);
  await expect(page.getByTestId('step-picture')).toHaveCount(1);
  await page.getByTestId('step-record').click();
  await page.getByTestId('step-announced').click();
  await page.getByTestId('step-record').click();
  await page.getByTestId('step-left').click();
  await page.getByTestId('step-record').click();
  await expect(page.getByTestId('field-waiting')).toHaveAttribute('data-waiting', '3');
  await expect(page.getByTestId('field-waiting')).toContainText('连接不上服务器');
  await look(page, 'offline');
  expect(await measures(task.case)).toHaveLength(0);

  // The page itself can be had again, and the way of the measures is still cut.
  const sent: string[] = [];
  page.on('request', (request) => {
    if (!request.url().includes('/api/field/')) return;
    const kind = request.url().endsWith('/measures') ? (request.postDataJSON() as { kind: string }).kind : 'picture';
    sent.push(kind);
  });
  await page.route('**/api/field/**', (route) => route.abort());
  await context.setOffline(false);
  await page.reload();
  await expect(page.getByTestId('task')).toBeVisible();
  await expect(page.getByTestId('field-open')).toContainText('3');
  await page.getByTestId('finish').click();
  await expect(page.getByTestId('finish-unsent')).toContainText('3');
  await expect(page.getByTestId('outcome-found')).toBeDisabled();
  await look(page, 'finish-unsent');
  await expect.poll(() => sent.length).toBeGreaterThan(0);
  expect(new Set(sent)).toEqual(new Set(['picture']));

  await page.unroute('**/api/field/**');
  sent.splice(0);
  await expect(page.getByTestId('outcome-found')).toBeEnabled({ timeout: 30_000 });
  expect(sent).toEqual(['picture', 'arrived', 'announced', 'left']);
  const told = (await measures(task.case)).map((step) => JSON.stringify(step));
  expect(told).toHaveLength(3);
  for (const [i, kind] of ['arrived', 'announced', 'left'].entries()) expect(told[i]).toContain(`"${kind}"`);
  await page.reload();
  await page.getByTestId('field-open').click();
  await expect(page.getByTestId('measure')).toHaveCount(3);
  expect(await measures(task.case)).toHaveLength(3);
});

test('a refusal is shown with what to do about it, and can be mended', async ({ browser }) => {
  const task = await begin(browser);
  const { page } = task;
  await page.getByTestId('field-open').click();
  await page.getByTestId('step-impounded').click();
  await name(page, task.second);
  // The file has no such asset.
  await page.getByTestId('step-asset').fill('9');
  await page.getByTestId('step-record').click();
  const one = listed(page, 'impounded');
  await expect(one).toHaveAttribute('data-state', 'refused');
  await expect(one.getByTestId('measure-refused')).toContainText('编号');
  await look(page, 'refused');
  await whole(page, 'refused');
  const identity = await one.getAttribute('data-measure');
  await one.getByTestId('measure-edit').click();
  await page.getByTestId('step-asset').fill('1');
  await page.getByTestId('step-record').click();
  await expect(one).toHaveAttribute('data-state', 'done');
  expect(await one.getAttribute('data-measure')).toBe(identity);
  expect(await measures(task.case)).toHaveLength(1);

  // Served to a party that the case has not: given up.
  await page.getByTestId('step-served').click();
  await page.getByTestId('step-party').fill('7');
  await page.getByTestId('step-record').click();
  const served = listed(page, 'served');
  await expect(served).toHaveAttribute('data-state', 'refused');
  await expect(served).toContainText('当事人');
  await served.getByTestId('measure-discard').click();
  await expect(served).toBeVisible();
  await served.getByTestId('measure-discard').click();
  await expect(served).toHaveCount(0);
});

test('an incident of a case that the court does not have takes no measures, and says so', async ({ browser }) => {
  cases += 1;
  const { page } = await onTask(browser, '(2026)豫0783执99999号', false);
  await page.getByTestId('field-open').click();
  await page.getByTestId('step-arrived').click();
  await page.getByTestId('step-record').click();
  await expect(page.getByTestId('measure-refused')).toHaveAttribute('data-code', 'state-conflict');
  await expect(page.getByTestId('measure-refused')).toContainText('关联案件');
});

test('the first load of the handheld stays small, and the measures come after it', async ({ browser }) => {
  const context = await browser.newContext({ viewport: PHONE });
  const page = await context.newPage();
  const scripts: Promise<[string, number]>[] = [];
  page.on('response', (response) => {
    if (!response.url().endsWith('.js')) return;
    scripts.push(response.body().then((body) => [response.url(), gzipSync(body).length]));
  });
  await page.goto(`${server.url}/handheld/`);
  await expect(page.getByTestId('enrol')).toBeVisible();
  const loaded = await Promise.all(scripts);
  const bytes = loaded.reduce((sum, [, size]) => sum + size, 0);
  console.log(`first load of the handheld: ${bytes} bytes of compressed script`);
  expect(bytes).toBeLessThanOrEqual(SCRIPT_MAX);

  const { code } = await server.device('吴静', null);
  await page.getByTestId('enrol-code').fill(code);
  await page.getByTestId('enrol-submit').click();
  await expect(page.getByTestId('unit')).toHaveAttribute('data-link', 'open');
  await expect.poll(() => scripts.length).toBeGreaterThan(loaded.length);
  await context.close();
});
