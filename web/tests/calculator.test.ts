import { afterEach, describe, expect, it, vi } from 'vitest';
import { Calculation } from '../desk/calculator/calculation.svelte';
import { isSound, ownFaults, refusedFaults } from '../desk/calculator/faults';
import { found, grouped } from '../desk/calculator/groups';
import { fromOf, needsTime, type Question, queryOf, type SuspensionRow, suspensionText } from '../desk/calculator/query';
import { faultText, groupName, limitText, reasonText } from '../desk/calculator/words';
import { readDue, readProcedure } from '../desk/protocol/procedure';
import { Refused } from '../shared/refused';

const base = {
  kind: 'deadline',
  rounds: null,
  warn: ['5d'],
  documents: { all: ['x'] },
  told: [],
  tell: 'full',
  alarm_warn: [],
  alarm_expiry: [],
  suspended_by: ['settlement'],
  article: '法释〔1998〕15号 63条',
  rank: 'law',
  sure: 'verified',
  must_be_confirmed: false,
  note: null,
  counsel: null,
};
const months = { count: 6, unit: 'months', exact: false };
const version = { name: 'enforcement', version: 1 };
const calendar = { name: 'cn', version: 3, last_year: 2026 };

const answer = {
  procedure: version,
  effective_from: '2026-12-01',
  calendar,
  reasons: {
    auction: { zh: '拍卖、变卖', en: 'auction', article: 'a', sure: 'verified' },
    settlement: { zh: '执行和解', en: 'settlement', article: 'a', sure: 'verified' },
  },
  events: { closing_ruling: { zh: '作出终本裁定', en: 'the closing ruling is made' } },
  documents: {},
  nodes: [
    { ...base, code: 'A01', zh: '立案审查', en: 'Docketing', start: { event: 'closing_ruling' }, limit: { ...months, unit: 'hours' } },
    { ...base, code: 'T01', zh: '执行期限', en: 'Overall limit', start: { after: ['A01'], zh: '立案日', en: 'the day of docketing' }, limit: months },
    { ...base, code: 'A02', zh: '移送', en: 'Transfer', start: { before_end_of: ['T01'], zh: '倒推', en: 'back' }, limit: months },
    { ...base, code: 'Z04', zh: '终本后定期查询', en: 'Re-query', kind: 'recurring', rounds: 10, start: { event: 'closing_ruling' }, limit: months },
  ],
};

const dueAnswer = {
  node: 'T01',
  zh: '执行期限',
  en: 'Overall limit',
  kind: 'deadline',
  from: '2026-02-10T09:30:00+08:00',
  due: '2026-08-10T23:59:59+08:00',
  warn: ['2026-08-05T09:00:00+08:00'],
  provisional: false,
  paused_since: null,
  unrolled: '2026-08-10',
  because: ['…'],
  rules: [{ rule: 'corresponding_day', zh: '对应日', en: 'the corresponding day', article: '民法典 202条' }],
  article: 'a',
  rank: 'law',
  sure: 'verified',
  must_be_confirmed: false,
  counsel: null,
  procedure: version,
  calendar,
};

const suspension = (more: Partial<SuspensionRow> = {}): SuspensionRow => ({
  id: 1,
  from: '2026-02-20',
  until: '2026-03-05',
  open: false,
  reason: '',
  ...more,
});

const question = (more: Partial<Question> = {}): Question => ({
  node: 'T01',
  date: '2026-02-10',
  time: '',
  suspensions: [],
  extend: '',
  round: '1',
  ...more,
});

afterEach(() => vi.unstubAllGlobals());

describe('the procedure', () => {
  const { nodes, reasons } = readProcedure(answer);

  it('is read with the words of what starts each clock', () => {
    expect(nodes.map(({ start }) => start.zh)).toEqual(['作出终本裁定', '立案日', '倒推', '作出终本裁定']);
    expect(reasons.map(({ code }) => code)).toEqual(['auction', 'settlement']);
  });

  it('is refused when it lacks what the page needs', () => {
    expect(() => readProcedure({ ...answer, events: {} })).toThrow(Refused);
    expect(() => readProcedure({ ...answer, nodes: [] })).toThrow(Refused);
  });

  it('is grouped by the letter, in the order of the table', () => {
    const groups = grouped(nodes).map(({ letter, nodes: some }) => [letter, some.map(({ code }) => code)]);
    expect(groups).toEqual([
      ['A', ['A01', 'A02']],
      ['T', ['T01']],
      ['Z', ['Z04']],
    ]);
    expect(groupName('T')).toBe('执行期限');
    // A court's own letter is shown as it is.
    expect(groupName('Q')).toBe('Q');
  });

  it('is searched by code, by both names and by what starts the clock', () => {
    const codes = (search: string, chosen = '') => found(nodes, search, chosen).map(({ code }) => code);
    expect(codes('')).toHaveLength(4);
    expect(codes('t01')).toEqual(['T01']);
    expect(codes('  终本  查询')).toEqual(['Z04']);
    expect(codes('docketing day')).toEqual(['T01']);
    expect(codes('nothing')).toEqual([]);
    expect(codes('z04', 'A01')).toEqual(['A01', 'Z04']);
  });

  it('says in words how long, and which reasons change nothing', () => {
    expect(limitText({ count: 6, unit: 'months' })).toBe('6个月');
    expect(limitText({ count: 3, unit: 'moons' })).toBe('moons');
    expect(reasonText({ zh: '拍卖', en: 'auction' }, false)).toBe('拍卖（不停止本节点）');
    expect(needsTime(nodes[0])).toBe(true);
    expect(needsTime(nodes[1])).toBe(false);
    expect(needsTime(undefined)).toBe(false);
  });
});

describe('a question', () => {
  const nodes = readProcedure(answer).nodes;

  it('is written as the server reads it', () => {
    expect(fromOf('2026-02-10', '')).toBe('2026-02-10');
    expect(fromOf('2026-02-10', '09:30')).toBe('2026-02-10T09:30');
    expect(suspensionText(suspension())).toBe('2026-02-20/2026-03-05');
    expect(suspensionText(suspension({ open: true }))).toBe('2026-02-20/');
    expect(suspensionText(suspension({ open: true, reason: 'auction' }))).toBe('2026-02-20/@auction');
  });

  it('says only what was filled in, and a round only of what recurs', () => {
    expect(queryOf(question(), nodes[1])).toBe('node=T01&from=2026-02-10');
    const full = question({ node: 'Z04', time: '09:30', suspensions: [suspension(), suspension({ id: 2, reason: 'auction' })], extend: ' 90 ', round: '3' });
    const query = new URLSearchParams(queryOf(full, nodes[3]));
    expect(query.getAll('suspend')).toEqual(['2026-02-20/2026-03-05', '2026-02-20/2026-03-05@auction']);
    expect([query.get('from'), query.get('extend'), query.get('round')]).toEqual(['2026-02-10T09:30', '90', '3']);
  });

  it('names all that is missing at once, and the row that is meant', () => {
    const faults = ownFaults(
      question({ node: '', date: '', suspensions: [suspension(), suspension({ id: 2, until: '' }), suspension({ id: 3, until: '2026-02-19' }), suspension({ id: 4, until: '', open: true })] }),
    );
    expect(faults.fields).toEqual({ node: 'missing', from: 'missing' });
    expect(faults.rows).toEqual({ 2: 'interval-invalid', 3: 'interval-reversed' });
    expect(isSound(faults)).toBe(false);
    // The same day twice is an empty suspension, which has no effect and is none.
    expect(isSound(ownFaults(question({ suspensions: [suspension({ until: '2026-02-20' })] })))).toBe(true);
  });

  it('shows what the server refuses at the field it is about', () => {
    const refused = (pointer: string, code: string) => refusedFaults(new Refused('field-invalid', 'x', null, [{ pointer, code }]));
    expect(refused('/node', 'condition').fields).toEqual({ node: 'condition' });
    expect(refused('/extend', 'out-of-range').fields).toEqual({ extend: 'out-of-range' });
    expect(refused('/elsewhere', 'x').other).toBeInstanceOf(Refused);
    expect(refusedFaults(new Refused('overloaded', 'x')).other).toBeInstanceOf(Refused);
    expect(faultText('from', 'out-of-range')).toContain('1990');
    expect(faultText('extend', 'out-of-range')).toContain('3660');
    expect(faultText('node', 'condition')).toContain('两个日期');
  });
});

describe('an answer', () => {
  it('is read, with and without a date', () => {
    expect(readDue(dueAnswer)).toMatchObject({ due: dueAnswer.due, recurrences: [], rules: [{ article: '民法典 202条' }] });
    const paused = readDue({ ...dueAnswer, due: null, warn: [], unrolled: null, paused_since: '2026-06-01' });
    expect([paused.due, paused.paused_since]).toEqual([null, '2026-06-01']);
    expect(readDue({ ...dueAnswer, recurrences: ['a', 'b'] }).recurrences).toHaveLength(2);
    expect(() => readDue({ ...dueAnswer, rules: undefined })).toThrow(Refused);
  });
});

describe('the calculator', () => {
  async function filled(): Promise<Calculation> {
    vi.stubGlobal('fetch', async (path: string) => new Response(JSON.stringify(path === '/api/procedure' ? answer : dueAnswer)));
    const calculation = new Calculation();
    await calculation.load();
    calculation.choose('T01');
    calculation.date = '2026-02-10';
    return calculation;
  }

  it('asks nothing while something is missing', async () => {
    const fetch = vi.fn();
    vi.stubGlobal('fetch', fetch);
    const calculation = new Calculation();
    expect(await calculation.compute()).toBe(false);
    expect(calculation.faults.fields).toEqual({ node: 'missing', from: 'missing' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('says when its answer is that of another question', async () => {
    const calculation = await filled();
    expect(await calculation.compute()).toBe(true);
    expect([calculation.answer?.due, calculation.stale]).toEqual([dueAnswer.due, false]);
    calculation.addSuspension();
    expect(calculation.stale).toBe(true);
    calculation.removeSuspension(calculation.suspensions[0]?.id ?? 0);
    expect(calculation.stale).toBe(false);
    calculation.date = '2026-02-11';
    expect(calculation.stale).toBe(true);
  });

  it('keeps the last answer, and shows the fault, when it is refused', async () => {
    const calculation = await filled();
    await calculation.compute();
    calculation.extend = '9999';
    const problem = { code: 'field-invalid', title: 'x', errors: [{ pointer: '/extend', code: 'out-of-range' }] };
    vi.stubGlobal('fetch', async () => new Response(JSON.stringify(problem), { status: 422 }));
    expect(await calculation.compute()).toBe(false);
    expect(calculation.faults.fields).toEqual({ extend: 'out-of-range' });
    expect([calculation.busy, calculation.stale, calculation.answer?.due]).toEqual([false, true, dueAnswer.due]);
  });
});
