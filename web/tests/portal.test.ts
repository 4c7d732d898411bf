import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CaseView, readCase, readDone } from '../portal/protocol/case';
import { consentBody, lacking, sameWays } from '../portal/state/consent';
import { Form, leftOf, lengthOf } from '../portal/state/form.svelte';
import { groups, HandIn, size, STOPPED, titleOf, typeOf } from '../portal/state/hand-in.svelte';
import { percent, yuan } from '../portal/state/money';
import { placeOf } from '../portal/state/route.svelte';
import { lastOfCourt, leadsOf, newestFirst, papersOf, unread, wordsOf } from '../portal/state/story';
import { pasted, shownBy } from '../portal/state/token';
import { Visit } from '../portal/state/visit.svelte';
import { day, dayOrMoment, moment, newsText, refusalText } from '../portal/words';
import { locale } from '../shared/i18n.svelte';
import { LOCAL, Refused } from '../shared/refused';

const at = (text: string): number => Date.parse(`${text}+08:00`);

/** As the server writes it (src/portal/view.rs). */
const answer = {
  court: { id: 'changyuan', name: '长垣市人民法院' },
  number: '(2026)豫0783执7号',
  handler: '王法官',
  party: { number: 1, role: 'applicant', name: '张三', applicant: true, purpose: 'party' },
  news: [
    { topic: 'node', code: 'A01', number: 1, reached: 1, telling: 'full', node: { zh: '立案', en: 'Docketing' }, documents: ['acceptance_notice'] },
    { topic: 'measure', code: 'sealed', number: 2, reached: 3, telling: 'summary', node: null, documents: [] },
    { topic: 'paper', code: 'execution_notice', number: 1, reached: 2, telling: 'full', node: null, documents: [] },
  ],
  now: at('2026-12-01T12:00:00'),
  money: { claimed: 8_000_000, recovered: 3_000_000, held: 1_000_000 },
  closed: null,
  words: {
    filed: { title: '(2025)豫0783民初88号', text: '借款八万元', seq: 1 },
    'paper:1': { title: '执行通知书', seq: 9 },
    'paper:2': { title: '欠条', text: '对方所写', seq: 12 },
    'lead:1': { text: '车在市场', address: '南门', seq: 14 },
    'lead:10': { text: '后来的', seq: 20 },
  },
  messages: [
    { message: 1, from_party: true, at: 5, text: '请问进展如何', seq: 7 },
    { message: 2, from_party: false, at: 6, text: '已查控', seq: 8 },
    { message: 3, from_party: false, at: 7, text: '请等待', seq: 10 },
  ],
  read: 2,
  papers: [
    { paper: 1, origin: { from: 'court', template: 'execution_notice', version: 1, node: null, to: [1] }, at: 8, signed: false, sha256: 'ab', served: null },
    { paper: 2, origin: { from: 'party', party: 1 }, at: 9, signed: false, sha256: 'cd', served: null },
  ],
  appointments: [{ appointment: 1, party: 1, at: at('2026-12-08T09:30:00'), deed: 'made', changed: 1, reminded: false }],
  situation: [{ item: 1, party: 2, topic: 'vehicles', released: true }],
  consent: { channels: ['portal'], since: 1 },
};

const view = (more: Record<string, unknown> = {}): CaseView => readCase({ ...answer, ...more });

const problem = (status: number, code: string, detail?: string): Response =>
  new Response(JSON.stringify({ code, title: code, detail }), { status, headers: { 'content-type': 'application/problem+json' } });
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

beforeEach(() => {
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal('history', { replaceState: vi.fn() });
  vi.stubGlobal('navigator', { onLine: true });
});
afterEach(() => {
  locale.lang = 'zh';
  vi.unstubAllGlobals();
});

describe('codes', () => {
  const rest = `1${'Ab_-'.repeat(10)}xyz`;

  it('are known by what they begin with, and only whole', () => {
    expect(shownBy(`#t=p${rest}`)).toEqual({ kind: 'access', token: `p${rest}` });
    expect(shownBy(`#t=i${rest}`)).toEqual({ kind: 'identity' });
    expect(shownBy(`#t=h${rest}`)).toEqual({ kind: 'handover' });
    for (const bad of ['', 'p1', `p${rest}x`, `p${rest.slice(1)}`, `q${rest}`, `p2${rest.slice(1)}`, `p${rest.slice(0, -1)}%`]) {
      expect(shownBy(`#t=${bad}`), bad).toEqual({ kind: 'unknown' });
    }
    expect(shownBy('')).toBeNull();
    expect(shownBy('#/papers')).toBeNull();
  });

  it('are found in what is pasted', () => {
    const found = { kind: 'access', token: `p${rest}` };
    expect(pasted(` p${rest}\n`)).toEqual(found);
    expect(pasted(`【法院】请点开 https://court.example/c/#t=p${rest} 查看`)).toEqual(found);
    expect(pasted('https://court.example/')).toEqual({ kind: 'unknown' });
  });

  it('are no places of the page', () => {
    expect(placeOf('#/papers')).toBe('papers');
    expect(placeOf('#/nothing')).toBe('progress');
    expect(placeOf(`#t=p${rest}`)).toBe('progress');
  });
});

describe('a case', () => {
  it('is read with its words', () => {
    const read = view();
    expect(read.dealings?.papers.map(({ from_court }) => from_court)).toEqual([true, false]);
    expect(wordsOf(read, 'paper:1')).toEqual({ title: '执行通知书', text: '', address: '', seq: 9 });
    expect(wordsOf(read, 'paper:7')).toBeNull();
    expect(papersOf(read, false).map(({ paper }) => paper)).toEqual([2]);
    expect(leadsOf(read).map(({ lead }) => lead)).toEqual([10, 1]);
    expect(newestFirst(read.news).map(({ reached }) => reached)).toEqual([3, 2, 1]);
    expect([unread(read), lastOfCourt(read.dealings?.messages ?? [])]).toEqual([1, 3]);
  });

  it('is closed by a pair', () => {
    expect(view({ closed: ['round_closed', 5] }).closed).toEqual({ how: 'round_closed', at: 5 });
    expect(() => view({ closed: { how: 'fulfilled' } })).toThrow(Refused);
  });

  it('shows less to whoever looks on, to debtors, and before it has a judge', () => {
    const { words: _w, messages: _m, read: _r, papers: _p, appointments: _a, situation: _s, consent: _c, money: _y, ...bare } = answer;
    const read = readCase({ ...bare, handler: null, party: { ...answer.party, purpose: 'look' } });
    expect([read.dealings, read.money, read.handler]).toEqual([null, null, null]);
    expect(unread(read)).toBe(0);
    // What a look link must not see is not shown even if it came.
    expect(view({ party: { ...answer.party, purpose: 'look' } }).dealings).toBeNull();
  });

  it.each([
    ['messages', [{ message: 1 }]],
    ['papers', [{ ...answer.papers[0], origin: { from: 'nobody' } }]],
    ['news', null],
    ['words', { 'paper:1': {} }],
    ['money', { claimed: '1' }],
  ])('is refused whole when its %s cannot be read', (field, value) => {
    expect(() => view({ [field]: value })).toThrow(/cannot be read/);
  });

  it('tells what was done by its record', () => {
    expect(readDone({ receipt: 5, sha256: 'ab' })).toEqual({ receipt: 5, sha256: 'ab' });
    expect(readDone({ receipt: null })).toEqual({ receipt: null, sha256: null });
  });
});

describe('words', () => {
  it('tell news in both languages', () => {
    const read = view();
    const told = (more: Record<string, unknown>): string =>
      newsText({ topic: 'node', code: '', number: 1, reached: 0, telling: 'full', node: null, ...more }, read);
    expect(read.news.map((one) => newsText(one, read))).toEqual(['立案', '执行人员：查封', '法院发出文书：执行通知书']);
    expect(told({ code: 'A09', number: 2 })).toBe('A09 · 第 2 次');
    expect(told({ topic: 'appointment', code: 'made' })).toBe('约见已定：2026年12月8日 周二 09:30');
    expect(told({ topic: 'appointment', code: 'cancelled', number: 9 })).toBe('约见已取消');
    expect(told({ topic: 'paper', code: 'withdrawn', number: 4 })).toBe('法院撤回了 4 号文书');
    expect(told({ topic: 'closing', code: 'resumed' })).toBe('恢复执行');
    expect(told({ topic: 'later' })).toBe('案件有新情况');
    locale.lang = 'en';
    expect(read.news.map((one) => newsText(one, read))).toEqual([
      'Docketing',
      'Officers: sealed something',
      'The court issued: 执行通知书',
    ]);
  });

  it('have days of Shanghai', () => {
    const late = Date.parse('2026-11-30T16:30:00Z');
    expect([day(late), moment(late)]).toEqual(['2026年12月1日', '2026年12月1日 周二 00:30']);
    expect([dayOrMoment(at('2026-01-06T00:00:00')), dayOrMoment(late)]).toEqual(['2026年1月6日', '2026年12月1日 周二 00:30']);
    locale.lang = 'en';
    expect(moment(late)).toBe('1 Dec 2026 Tue 00:30');
  });

  it('give the reason of the server, in the reader’s language where there are words for it', () => {
    const refused = (code: string, detail: string | null = null): Refused => new Refused(code, 'title', null, [], detail);
    expect(refusalText(refused('field-invalid', 'a message has words'))).toBe('请先写内容');
    expect(refusalText(refused('state-conflict', 'something new'))).toBe('something new');
    expect(refusalText(refused('state-conflict'))).toContain('案件现在的状态');
    expect(refusalText(refused('starting'))).toContain('正在启动');
    expect(refusalText(refused('http-502'))).toContain('系统出了问题');
    expect(refusalText(refused('unheard-of'))).toBe('title');
  });

  it('write money as people do', () => {
    expect([yuan(0), yuan(5), yuan(8_000_000), yuan(123_456_789_01)]).toEqual(['0.00', '0.05', '80,000.00', '123,456,789.01']);
    // All of it is said only when it is all of it.
    expect([percent(7_999_999, 8_000_000), percent(8_000_000, 8_000_000), percent(9, 8), percent(0, 0)]).toEqual([99, 100, 100, null]);
  });
});

describe('forms', () => {
  it('count characters as the server does', () => {
    expect(lengthOf('字𠀀')).toBe(2);
    expect(leftOf('字'.repeat(9_000), 10_000)).toBeNull();
    expect(leftOf('字'.repeat(9_500), 10_000)).toBe(500);
    expect(leftOf('𠀀'.repeat(10_001), 10_000)).toBe(-1);
  });

  it('keep what was refused, and know what was received', async () => {
    const form = new Form();
    const act = vi.fn(async () => 7 as number | null);
    const visit = { act } as unknown as Visit;
    expect([await form.send(visit, { do: 'message' }), form.receipt]).toEqual([true, 7]);
    act.mockResolvedValueOnce(null);
    expect([await form.send(visit, {}), form.receipt]).toEqual([true, 0]);
    act.mockRejectedValueOnce(new Refused('overloaded', ''));
    expect([await form.send(visit, {}), form.receipt]).toEqual([false, null]);
    expect(form.refused).toMatchObject({ code: 'overloaded' });
  });

  it('say which address of a way is missing', () => {
    const none = { sms: '', wechat: '', email: '' };
    expect(lacking(['portal'], none)).toEqual([]);
    expect(lacking(['sms', 'email'], { ...none, sms: '138 0000 0001' })).toEqual(['email']);
    expect(lacking(['sms', 'email'], { ...none, sms: '138', email: 'a@b' })).toEqual(['sms']);
    expect(consentBody(['sms', 'portal'], { ...none, sms: ' 13800000001 ', email: 'left@over' })).toEqual({
      do: 'consent',
      channels: ['portal', 'sms'],
      address: 'sms: 13800000001',
    });
    expect([sameWays(['sms', 'portal'], ['portal', 'sms']), sameWays(['sms'], ['portal'])]).toEqual([true, false]);
  });
});

describe('files', () => {
  it('are taken by their type, or by their name when a browser knows none', () => {
    expect(typeOf({ name: 'a.PDF', type: '' })).toBe('application/pdf');
    expect(typeOf({ name: 'a', type: 'image/jpeg' })).toBe('image/jpeg');
    expect(typeOf({ name: 'a.txt', type: 'text/plain;charset=utf-8' })).toBe('text/plain');
    expect(typeOf({ name: 'a.pdf', type: 'application/octet-stream' })).toBe('application/pdf');
    expect(typeOf({ name: 'a.pdf', type: 'application/x-msdownload' })).toBeNull();
    expect(typeOf({ name: 'a.heic', type: 'image/heic' })).toBeNull();
    expect(typeOf({ name: 'a', type: '' })).toBeNull();
    expect([titleOf('欠条.pdf'), size(10), size(1_400_000), groups('abcdef01')]).toEqual(['欠条', '1 kB', '1.4 MB', 'abcd ef01']);
  });

  /** Requests whose server is the test. */
  class FakeRequest {
    static last: FakeRequest;
    upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
    onload?: () => void;
    onabort?: () => void;
    onerror?: () => void;
    status = 0;
    statusText = '';
    responseText = '';
    timeout = 0;
    opened: string[] = [];
    headers: Record<string, string> = {};
    constructor() {
      FakeRequest.last = this;
    }
    open(...how: string[]): void {
      this.opened = how;
    }
    setRequestHeader(name: string, value: string): void {
      this.headers[name] = value;
    }
    getResponseHeader(): null {
      return null;
    }
    send(): void {}
    abort(): void {
      this.onabort?.();
    }
    answers(status: number, body: unknown): void {
      this.status = status;
      this.responseText = JSON.stringify(body);
      this.onload?.();
    }
  }

  const file = (name: string, type: string, bytes: string): File => new File([bytes], name, { type });

  it('are held against what the court has received', async () => {
    vi.stubGlobal('XMLHttpRequest', FakeRequest);
    const form = new HandIn();
    form.choose(file('欠条.pdf', 'application/pdf', 'abc'));
    expect([form.title, form.unfit]).toEqual(['欠条', null]);
    form.note = '他写的 & 签的';
    const sent = form.send();
    expect(FakeRequest.last.opened).toEqual([
      'POST',
      '/api/portal/papers?title=%E6%AC%A0%E6%9D%A1&text=%E4%BB%96%E5%86%99%E7%9A%84+%26+%E7%AD%BE%E7%9A%84',
    ]);
    expect(FakeRequest.last.headers['Content-Type']).toBe('application/pdf');
    FakeRequest.last.upload.onprogress?.({ loaded: 1, total: 4 });
    expect(form.done).toBe(0.25);
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    FakeRequest.last.answers(201, { receipt: 12, sha256 });
    expect(await sent).toBe(true);
    expect(form.received).toEqual({ receipt: 12, sha256, title: '欠条', same: true });
    expect([form.file, form.title, form.note, form.done]).toEqual([null, '', '', null]);
    // Something else arrived.
    form.choose(file('b.txt', '', 'x'));
    const other = form.send();
    FakeRequest.last.answers(201, { receipt: 13, sha256 });
    await other;
    expect(form.received?.same).toBe(false);
  });

  it('stay chosen when they were refused, stopped or lost on the way', async () => {
    vi.stubGlobal('XMLHttpRequest', FakeRequest);
    const form = new HandIn();
    for (const [bad, why] of [[file('a.exe', 'x/y', 'MZ'), 'type'], [file('a.pdf', 'application/pdf', ''), 'empty']] as const) {
      form.choose(bad);
      expect([form.unfit, form.file]).toEqual([why, null]);
    }
    form.choose(file('a.pdf', 'application/pdf', 'MZ'));
    const ends: [() => void, object][] = [
      [() => FakeRequest.last.answers(422, { code: 'field-invalid', title: '', detail: 'why' }), { code: 'field-invalid', detail: 'why' }],
      [() => FakeRequest.last.answers(502, 'no JSON of ours'), { code: 'http-502' }],
      [() => form.stop(), { code: STOPPED }],
      [() => FakeRequest.last.onerror?.(), { code: LOCAL.unreachable }],
      // All of it had gone: it may have arrived.
      [() => {
        FakeRequest.last.upload.onprogress?.({ loaded: 2, total: 2 });
        FakeRequest.last.onerror?.();
      }, { code: LOCAL.noAnswer }],
    ];
    for (const [end, refused] of ends) {
      const sent = form.send();
      end();
      expect(await sent).toBe(false);
      expect(form.refused).toMatchObject(refused);
      expect([form.file?.name, form.title, form.done]).toEqual(['a.pdf', 'a', null]);
    }
  });
});

describe('a visit', () => {
  const token = `p1${'A'.repeat(43)}`;
  type Answers = Record<string, () => Response | Promise<Response>>;

  function serves(answers: Answers): string[] {
    const asked: string[] = [];
    vi.stubGlobal('fetch', async (path: string, { method, body }: RequestInit) => {
      asked.push(`${method ?? ''} ${path}${typeof body === 'string' ? ` ${body}` : ''}`);
      const found = answers[`${method ?? ''} ${path}`];
      if (!found) throw new TypeError('no network');
      return found();
    });
    return asked;
  }
  const GET = 'GET /api/portal/case';
  const POST = 'POST /api/portal/case';
  const ENTER = 'POST /api/portal/session';
  const done = (): Response => new Response(null, { status: 204 });

  it('begins with the link, which then leaves the address', async () => {
    const asked = serves({ [ENTER]: done, [GET]: () => json(answer) });
    const visit = new Visit();
    await visit.open(`#t=${token}`);
    expect(visit.phase).toBe('in');
    expect(asked).toEqual([`${ENTER} {"token":"${token}"}`, GET]);
    expect(history.replaceState).toHaveBeenCalledWith(null, '', '/portal/');
  });

  it('keeps the link to try again when nobody answers, and says when it opens nothing', async () => {
    serves({});
    const visit = new Visit();
    await visit.open(`#t=${token}`);
    expect(visit.phase).toBe('failed');
    expect(visit.failed).toMatchObject({ code: LOCAL.unreachable });
    expect(history.replaceState).not.toHaveBeenCalled();
    const asked = serves({ [ENTER]: () => problem(401, 'credentials') });
    await visit.enter();
    expect([visit.phase, asked.length]).toEqual(['dead', 1]);
    expect(history.replaceState).toHaveBeenCalled();
  });

  it('asks nothing of the server for codes that open nothing', async () => {
    const asked = serves({});
    const visit = new Visit();
    await visit.open(`#t=i1${'A'.repeat(43)}`);
    expect([visit.phase, visit.code?.kind, asked]).toEqual(['code', 'identity', []]);
  });

  it('goes on by its cookie, and is over when that is', async () => {
    serves({ [GET]: () => problem(401, 'auth-required') });
    const visit = new Visit();
    await visit.open('#/papers');
    expect(visit.phase).toBe('gate');
  });

  it('keeps what it knows when the network goes', async () => {
    serves({ [GET]: () => json(answer) });
    const visit = new Visit();
    await visit.open('');
    serves({});
    await visit.refresh();
    expect([visit.phase, visit.view?.number]).toEqual(['in', answer.number]);
    expect(visit.failed).toMatchObject({ code: LOCAL.unreachable });
    // An answer of which a part cannot be read does not take the place of a whole one.
    serves({ [GET]: () => json({ ...answer, papers: null }) });
    await visit.refresh();
    expect([visit.view?.dealings?.papers.length, visit.failed]).toMatchObject([2, { code: LOCAL.unreadable }]);
    serves({ [GET]: () => json(answer) });
    await visit.refresh();
    expect(visit.failed).toBeNull();
  });

  it('says of what it sent whether it was received', async () => {
    const asked = serves({ [GET]: () => json(answer), [POST]: () => json({ receipt: 9 }) });
    const visit = new Visit();
    await visit.open('');
    expect(await visit.act({ do: 'message', text: 'x' })).toBe(9);
    expect(asked).toEqual([GET, `${POST} {"do":"message","text":"x"}`, GET]);
    // Sent, and no answer: it may have arrived.
    serves({ [GET]: () => json(answer) });
    await expect(visit.act({ do: 'message', text: 'x' })).rejects.toMatchObject({ code: LOCAL.noAnswer });
    vi.stubGlobal('navigator', { onLine: false });
    await expect(visit.act({ do: 'message', text: 'x' })).rejects.toMatchObject({ code: LOCAL.unreachable });
    serves({ [POST]: () => problem(409, 'state-conflict', 'why') });
    await expect(visit.act({ do: 'message', text: 'x' })).rejects.toMatchObject({ detail: 'why' });
    serves({ [POST]: () => problem(401, 'auth-required') });
    await expect(visit.act({ do: 'message', text: 'x' })).rejects.toMatchObject({ code: 'auth-required' });
    expect([visit.phase, visit.view]).toEqual(['gate', null]);
  });

  it('marks messages as read once, and again when that failed', async () => {
    const answers: Answers = { [GET]: () => json(answer), [POST]: () => json({ receipt: 1 }) };
    let asked = serves(answers);
    const visit = new Visit();
    await visit.open('');
    await visit.seen(2);
    expect(asked).toEqual([GET]);
    await visit.seen(3);
    await visit.seen(3);
    expect(asked.filter((one) => one.startsWith('POST'))).toEqual([`${POST} {"do":"message_read","upto":3}`]);
    asked = serves({ [GET]: () => json(answer) });
    await visit.seen(4);
    await visit.seen(4);
    expect(asked.filter((one) => one.startsWith('POST')).length).toBe(2);
  });

  it('goes on with what was being written, and never with what somebody else was', async () => {
    let who: unknown = answer;
    serves({ [ENTER]: done, [GET]: () => json(who) });
    const visit = new Visit();
    await visit.open('');
    visit.forms.messageText = 'half a thought';
    await visit.open(`#t=${token}`);
    expect(visit.forms.messageText).toBe('half a thought');
    who = { ...answer, party: { ...answer.party, number: 2 } };
    await visit.open(`#t=${token}`);
    expect(visit.forms.messageText).toBe('');
  });

  it('ends when somebody leaves, and only when the server knows', async () => {
    serves({ [GET]: () => json(answer) });
    const visit = new Visit();
    await visit.open('');
    visit.forms.messageText = 'half a thought';
    await expect(visit.leave()).rejects.toMatchObject({ code: LOCAL.unreachable });
    expect(visit.phase).toBe('in');
    serves({ 'DELETE /api/portal/session': done });
    await visit.leave();
    expect([visit.phase, visit.view, visit.forms.messageText]).toEqual(['left', null, '']);
  });
});
