// Deadlines at a desk: what is near due and overdue, what was escalated and how it is answered, who has
// how much; and the date calculator.

import { expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './axe';
import { closeAll, expectNoSideScroll, openCalculator, openDesk, OUT, PHONE } from './pages';
import { type Person, TestServer } from './server';

const DAY_MS = 86_400_000;

let server: TestServer;
let judge: Person;
let other: Person;
let director: Person;
let president: Person;
let first: string;
let second: string;

test.beforeAll(async ({ browser }) => {
  server = await TestServer.start({ director_after_ms: 1000 });
  judge = await server.user('judge1', '王法官', ['judge']);
  other = await server.user('judge2', '陈法官', ['judge']);
  director = await server.user('director1', '刘局长', ['director']);
  president = await server.user('president1', '孙院长', ['president']);
  first = await server.case('(2026)豫0783执1001号');
  second = await server.case('(2026)豫0783执1002号');
  const { page: chief } = await openDesk(browser, server, director);
  await order(chief, `/api/cases/${first}/handler`, { handler: judge.id, reason: '' });
  await order(chief, `/api/cases/${second}/handler`, { handler: other.id, reason: '' });
  const { page } = await openDesk(browser, server, judge);
  // 60 days to archive, long ago: overdue, and its end reaches the director.
  await order(page, `/api/cases/${first}/nodes`, { do: 'open', node: 'Z06', from: daysAgo(200) });
  // Six months, overdue too: its end reaches the president.
  await order(page, `/api/cases/${first}/nodes`, { do: 'open', node: 'T01', from: daysAgo(400) });
  // 60 days, of which few are left.
  await order(page, `/api/cases/${second}/nodes`, { do: 'open', node: 'Z06', from: daysAgo(57) });
  await closeAll();
});
test.afterEach(closeAll);
test.afterAll(async () => {
  await server.stop();
});

/** A day of Shanghai. */
function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS + DAY_MS / 3).toISOString().slice(0, 10);
}

/** As the page itself would: with its cookie and its origin. */
async function order(page: Page, path: string, body: unknown): Promise<void> {
  const status = await page.evaluate(
    async ([to, text]) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(to ?? '', { method: 'POST', headers, body: text ?? '' })).status;
    },
    [path, JSON.stringify(body)],
  );
  expect(status, path).toBe(204);
}

function nodeRow(page: Page, of: string, node: string) {
  return page.locator(`[data-testid="node-row"][data-case="${of}"][data-node="${node}"]`);
}

function escalationRow(page: Page, of: string, node: string) {
  return page.locator(`[data-testid="escalation-row"][data-case="${of}"][data-node="${node}"]`);
}

/** Case clocks ring by themselves, a moment after a node was opened. */
async function untilEscalated(page: Page, of: string, node: string): Promise<void> {
  await page.getByTestId('tab-escalations').click();
  await expect(async () => {
    await page.getByTestId('refresh').click();
    await expect(escalationRow(page, of, node)).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 20_000 });
}

test('a director sees all of the court, and a judge what is the own', async ({ browser }) => {
  const { page } = await openDesk(browser, server, director);
  await page.getByTestId('days').selectOption('7');
  await expect(nodeRow(page, second, 'Z06')).toContainText('陈法官');
  await expect(nodeRow(page, second, 'Z06').getByTestId('remaining')).toContainText('剩');
  await expectAccessible(page, 'desk: near');
  await page.screenshot({ path: `${OUT}/desk-near.png` });

  await page.getByTestId('tab-overdue').click();
  const late = nodeRow(page, first, 'Z06');
  await expect(late).toContainText('结案归档');
  await expect(late).toContainText('王法官');
  await expect(late.getByTestId('remaining')).toHaveAttribute('data-urgency', 'late');
  await expect(late.getByTestId('remaining')).toContainText(/逾期\d+天/);
  await expect(late.getByTestId('mark-confirm')).toHaveText('待核');
  await expectAccessible(page, 'desk: overdue');
  await page.screenshot({ path: `${OUT}/desk-overdue.png` });

  await page.getByTestId('tab-load').click();
  const load = page.locator(`[data-testid="load-row"][data-handler="${judge.id}"]`);
  await expect(load.locator('td').first()).toHaveText('2');
  await expectAccessible(page, 'desk: load');
  await page.screenshot({ path: `${OUT}/desk-load.png` });

  const { page: own } = await openDesk(browser, server, judge);
  await own.getByTestId('tab-overdue').click();
  await expect(own.getByTestId('node-row')).toHaveCount(2);
  await expect(own.getByTestId('tab-load')).toHaveCount(0);
  await expect(own.getByTestId('move')).toHaveCount(0);
  await own.getByTestId('tab-near').click();
  await expect(own.getByTestId('list-empty')).toBeVisible();
});

test('what is overdue is escalated, answered, returned, answered again and accepted', async ({ browser }) => {
  const { page: chief } = await openDesk(browser, server, director);
  await untilEscalated(chief, first, 'Z06');
  const seen = escalationRow(chief, first, 'Z06');
  await expect(seen).toHaveAttribute('data-status', 'owed');
  await expect(seen).toContainText('执行局长');
  await expect(seen.getByTestId('act-answer')).toHaveCount(0);
  await expect(seen.getByTestId('act-accept')).toHaveCount(0);
  await expectAccessible(chief, 'desk: escalations');
  await chief.screenshot({ path: `${OUT}/desk-escalations.png` });

  await seen.getByTestId('act-acknowledge').click();
  await expectAccessible(chief, 'desk: dialog');
  await chief.getByTestId('dialog-yes').click();
  await expect(seen.getByTestId('acknowledged')).toContainText('刘局长');
  await expect(seen.getByTestId('act-acknowledge')).toHaveCount(0);
  await expect(chief.getByTestId('told')).toContainText('已记录知悉');

  // What nobody has left unanswered yet has not climbed to the president.
  const { page: above } = await openDesk(browser, server, president);
  await untilEscalated(above, first, 'T01');
  await expect(escalationRow(above, first, 'Z06')).toHaveCount(0);

  const { page: own } = await openDesk(browser, server, judge);
  await own.getByTestId('tab-escalations').click();
  const mine = escalationRow(own, first, 'Z06');
  await expect(mine.getByTestId('act-close')).toHaveCount(0);
  await mine.getByTestId('act-answer').click();
  await expect(own.getByTestId('dialog-yes')).toBeDisabled();
  await own.getByTestId('dialog-words').fill('卷宗待补充送达回证，本周内归档');
  await own.getByTestId('dialog-yes').click();
  await expect(mine).toHaveAttribute('data-status', 'answered');

  await chief.getByTestId('refresh').click();
  await expect(seen).toHaveAttribute('data-status', 'answered');
  await seen.getByTestId('act-return').click();
  // Nobody judges an answer unread.
  await expect(chief.getByTestId('story').locator('[data-what=answered]')).toHaveCount(1);
  await chief.getByTestId('dialog-words').fill('请写明具体日期');
  await chief.getByTestId('dialog-yes').click();
  await expect(seen).toHaveAttribute('data-status', 'owed');
  await expect(seen).toContainText('退回 1 次');

  await own.getByTestId('refresh').click();
  await mine.getByTestId('act-answer').click();
  await own.getByTestId('dialog-words').fill('12月10日前归档');
  await own.getByTestId('dialog-yes').click();
  await expect(mine).toHaveAttribute('data-status', 'answered');

  // Two judge the same answer: the slower one is told, and sees how it stands.
  const { page: slow } = await openDesk(browser, server, director);
  await slow.getByTestId('tab-escalations').click();
  await escalationRow(slow, first, 'Z06').getByTestId('act-accept').click();
  await chief.getByTestId('refresh').click();
  await seen.getByTestId('act-accept').click();
  await chief.getByTestId('dialog-yes').click();
  await expect(seen).toHaveCount(0);
  await slow.getByTestId('dialog-yes').click();
  await expect(slow.getByTestId('dialog-refused')).toHaveText('当前状态下不能这样操作');
  await slow.getByTestId('dialog-back').click();
  await expect(escalationRow(slow, first, 'Z06')).toHaveCount(0);
  // What went away took the focus along; the list has it now, and the next Tab goes on from there.
  await expect(chief.getByTestId('panel-escalations')).toBeFocused();
});

test('the president closes what needs no answer', async ({ browser }) => {
  const { page } = await openDesk(browser, server, president);
  await untilEscalated(page, first, 'T01');
  const row = escalationRow(page, first, 'T01');
  await expect(row.getByTestId('move')).toHaveCount(0);
  await row.getByTestId('act-close').click();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('dialog')).toHaveCount(0);
  await expect(row.getByTestId('act-close')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByTestId('dialog-words').fill('已并入另案处理');
  await page.getByTestId('dialog-yes').click();
  await expect(row).toHaveCount(0);
});

test('a director takes note of an alarm of an emergency, once', async ({ browser }) => {
  const source = await server.source('hotline', true);
  const { page } = await openDesk(browser, server, director);
  await expect(page.getByTestId('panel-near')).toBeVisible();
  await page.getByTestId('tab-clocks').click();
  await expect(page.getByTestId('list-empty')).toBeVisible();

  // Nobody is on duty: it is the centre's alarm at once, and the director's a second later.
  await server.tip(source);
  const mine = (desk: Page) => desk.getByTestId('alarm-row').filter({ hasText: '执行局长' });
  await expect(async () => {
    await page.getByTestId('refresh').click();
    await expect(mine(page)).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 20_000 });
  await expect(mine(page)).toContainText('无人可派');
  await expect(mine(page)).toContainText('发现被执行人');
  await expect(page.getByTestId('tab-clocks').locator('b')).toHaveText(String(await page.getByTestId('alarm-row').count()));
  await expectAccessible(page, 'desk: emergency clocks');
  await page.screenshot({ path: `${OUT}/desk-clocks.png` });

  // Another desk has not heard that the first was faster.
  const { page: slow } = await openDesk(browser, server, director);
  await slow.getByTestId('tab-clocks').click();
  await expect(mine(slow)).toBeVisible();
  await slow.route('**/api/supervision/alarms', (route) => route.abort());
  await mine(page).getByTestId('acknowledge').click();
  await expect(page.getByTestId('told')).toContainText('已记录知悉');
  await expect(mine(page)).toHaveCount(0);
  await expect(page.getByTestId('panel-clocks')).toBeFocused();
  await mine(slow).getByTestId('acknowledge').click();
  await expect(slow.getByTestId('told')).toContainText('已由他人知悉');

  const { page: above } = await openDesk(browser, server, president);
  await above.getByTestId('tab-clocks').click();
  await expect(above.getByTestId('list-empty')).toBeVisible();
  const { page: none } = await openDesk(browser, server, judge);
  await expect(none.getByTestId('tab-near')).toBeVisible();
  await expect(none.getByTestId('tab-clocks')).toHaveCount(0);
});

test('a director moves a case to another judge', async ({ browser }) => {
  const { page } = await openDesk(browser, server, director);
  await page.getByTestId('days').selectOption('7');
  const row = nodeRow(page, second, 'Z06');
  await row.getByTestId('move').click();
  await expect(page.getByTestId('dialog-yes')).toBeDisabled();
  await page.getByTestId('move-to').selectOption(judge.id);
  await page.getByTestId('move-reason').fill('陈法官借调');
  await expectAccessible(page, 'desk: move');
  await page.screenshot({ path: `${OUT}/desk-move.png` });
  await page.getByTestId('dialog-yes').click();
  await expect(row).toContainText('王法官');
  await expect(row.getByTestId('move')).toBeFocused();
});

test('who has no part in it is told so, and a lost server leaves the list', async ({ browser }) => {
  const clerk = await server.user('auditor1', '审计员', ['auditor']);
  const { page: none } = await openDesk(browser, server, clerk);
  await expect(none.getByTestId('no-rights')).toBeVisible();

  const { page } = await openDesk(browser, server, president);
  await page.getByTestId('tab-overdue').click();
  await expect(page.getByTestId('node-row').first()).toBeVisible();
  await page.route('**/api/supervision/**', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"code":"overloaded","title":"x"}' }),
  );
  await page.getByTestId('refresh').click();
  await expect(page.getByTestId('list-failed')).toContainText('服务器繁忙');
  await expect(page.getByTestId('node-row').first()).toBeVisible();
});

test('a date is computed without signing in', async ({ browser }) => {
  const { page } = await openCalculator(browser, server);
  await page.getByTestId('compute').click();
  await expect(page.getByTestId('fault-node')).toHaveText('必填');
  await expect(page.getByTestId('fault-from')).toHaveText('必填');
  await expect(page.getByTestId('node-list')).toBeFocused();
  await expectAccessible(page, 'desk: calculator with faults');

  await page.getByTestId('node-search').fill('t01');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('node-facts')).toContainText('立案日');
  await page.getByTestId('from-date').fill('2026-02-10');
  await page.getByTestId('from-time').fill('09:30');
  await page.getByTestId('compute').click();
  const due = page.getByTestId('answer-due');
  await expect(due).toHaveAttribute('data-due', '2026-08-10T23:59:59+08:00');
  await expect(due).toHaveText('2026-08-10 周一');
  await expect(page.getByTestId('answer-rules')).toContainText('民法典 202条');

  await page.getByTestId('suspend-add').click();
  await expect(page.getByTestId('suspend-from')).toBeFocused();
  await expect(page.getByTestId('answer')).toHaveAttribute('data-stale', 'true');
  await page.getByTestId('suspend-from').fill('2026-02-20');
  await page.getByTestId('suspend-until').fill('2026-02-19');
  await page.getByTestId('compute').click();
  await expect(page.getByTestId('suspension')).toContainText('恢复之日早于开始之日');
  await page.getByTestId('suspend-until').fill('2026-03-05');
  await page.getByTestId('compute').click();
  await expect(due).toHaveAttribute('data-due', '2026-08-24T23:59:59+08:00');
  await expectAccessible(page, 'desk: calculator');
  await page.screenshot({ path: `${OUT}/desk-calculator.png`, fullPage: true });
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByTestId('compute')).toBeHidden();
  await page.screenshot({ path: `${OUT}/desk-calculator-print.png`, fullPage: true });
  await page.emulateMedia({ media: null });

  // While it still stands there is no date; faults of the server stand at their field.
  await page.getByTestId('suspend-open').check();
  await page.getByTestId('compute').click();
  await expect(page.getByTestId('answer-paused')).toContainText('2026-02-20');
  await page.getByTestId('extend').fill('9999');
  await page.getByTestId('compute').click();
  await expect(page.getByTestId('fault-extend')).toHaveText('请填 0–3660 的整数');
  await expect(page.getByTestId('extend')).toBeFocused();
  await page.getByTestId('extend').fill('');
  await page.getByTestId('node-search').fill('');
  await page.getByTestId('node-list').selectOption('W02');
  await page.getByTestId('compute').click();
  await expect(page.getByTestId('fault-node')).toContainText('两个日期');

  await page.getByTestId('suspend-remove').click();
  await page.getByTestId('node-list').selectOption('Z04');
  await page.getByTestId('round').selectOption('2');
  await page.getByTestId('compute').click();
  await expect(page.getByTestId('answer-recurrences').locator('li')).toHaveCount(10);
  await expect(due).toContainText('2027-02-10');
});

test('all of it fits a small screen, by night and by day', async ({ browser }) => {
  const { page: calculator } = await openCalculator(browser, server, PHONE);
  await calculator.getByTestId('suspend-add').click();
  await expectNoSideScroll(calculator);
  await expectAccessible(calculator, 'desk: calculator, small');
  await calculator.getByTestId('to-supervision').click();
  await expect(calculator.getByTestId('sign-in')).toBeVisible();
  await expectAccessible(calculator, 'desk: sign-in, small');
  await expectNoSideScroll(calculator);

  const { page } = await openDesk(browser, server, director, PHONE);
  for (let seen = 0; seen < 2; seen += 1) {
    const theme = await page.evaluate(() => document.documentElement.dataset['theme'] ?? '');
    for (const list of ['clocks', 'near', 'overdue', 'escalations', 'load']) {
      await page.getByTestId(`tab-${list}`).click();
      await expect(page.getByTestId(`panel-${list}`)).toBeVisible();
      await expectNoSideScroll(page);
      await expectAccessible(page, `desk: ${list}, small, by ${theme}`);
    }
    await page.screenshot({ path: `${OUT}/desk-small-${theme}.png`, fullPage: true });
    await page.getByTestId('theme').click();
  }
});
