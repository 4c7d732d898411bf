import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Escalation, keyOf, readEscalations, readLoad, readNodes } from '../desk/protocol/supervision';
import { candidates } from '../desk/state/candidates';
import { byLoad, heat, sums } from '../desk/state/heat';
import { actBody, escalationPath, handlerPath, Orders } from '../desk/state/orders.svelte';
import { Polled } from '../desk/state/polled.svelte';
import { remaining, urgency } from '../desk/state/remaining';
import { actsOn, mayEnter, rightsOf } from '../desk/state/rights';
import { dateOf, dayNumber, endsWithDay, minuteOf, weekdayOf } from '../shared/shanghai';
import { dueText, remainingText } from '../desk/words';
import { Refused } from '../shared/refused';

const at = (text: string): number => Date.parse(`${text}+08:00`);

const row = {
  case: '0193-c',
  number: '(2026)豫0783执123号',
  handler: { id: 'judge', name: '王法官' },
  node: 'T01',
  zh: '执行期限(6个月)',
  en: 'Overall limit',
  round: 1,
};

const due = { ...row, to_be_confirmed: false, due: 1, warned: true, overdue: false, provisional: true };

const escalation: Escalation = {
  ...row,
  status: 'owed',
  offices: ['director'],
  raised: 1,
  answer_by: 2,
  climbs: 0,
  acknowledged: null,
  answered: null,
  returned: 0,
};

function answersOnce(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(async () => new Response(body === null ? null : JSON.stringify(body), { status }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

afterEach(() => vi.unstubAllGlobals());

describe('days of Shanghai', () => {
  it('begin at 16:00 of the day before in UTC, whatever zone the machine is in', () => {
    const before = Date.parse('2026-11-30T15:59:59Z');
    expect(dateOf(before)).toBe('2026-11-30');
    expect(dateOf(before + 1000)).toBe('2026-12-01');
    expect(dayNumber(before + 1000)).toBe(dayNumber(before) + 1);
    expect(minuteOf(before)).toBe('23:59');
    expect(weekdayOf('2026-12-01')).toBe(2);
  });

  it('end with their last second', () => {
    expect(endsWithDay(at('2026-12-01T23:59:59'))).toBe(true);
    expect(endsWithDay(at('2026-12-01T23:59:59.999'))).toBe(true);
    expect(endsWithDay(at('2026-12-01T23:59:58'))).toBe(false);
    expect(endsWithDay(at('2026-12-02T00:00:00'))).toBe(false);
    expect(dueText(at('2026-12-01T23:59:59'))).toBe('2026-12-01 周二');
    expect(dueText(at('2026-12-05T09:30:00'))).toBe('2026-12-05 周六 09:30');
  });
});

describe('remaining time', () => {
  it.each([
    // Days of the calendar, morning and evening the same.
    ['2026-12-04T23:59:59', '2026-12-01T08:00:00', '剩3天'],
    ['2026-12-04T23:59:59', '2026-12-01T22:00:00', '剩3天'],
    ['2026-12-02T23:59:59', '2026-12-01T23:00:00', '剩1天'],
    // Below 24 hours: hours, then minutes, never "0".
    ['2026-12-02T23:59:59', '2026-12-02T09:00:00', '剩14小时'],
    ['2026-12-02T09:00:00', '2026-12-01T10:00:00', '剩23小时'],
    ['2026-12-01T09:59:59', '2026-12-01T09:30:00', '剩29分钟'],
    ['2026-12-01T09:59:59', '2026-12-01T09:59:58', '剩1分钟'],
    // Overdue: Sunday's end, looked at on Tuesday.
    ['2026-11-29T23:59:59', '2026-12-01T09:00:00', '逾期2天'],
    ['2026-11-30T23:59:59', '2026-12-01T09:00:00', '逾期9小时'],
    ['2026-12-01T09:00:00', '2026-12-01T09:00:01', '逾期1分钟'],
    ['2025-12-01T23:59:59', '2026-12-01T09:00:00', '逾期365天'],
  ])('of %s at %s is %s', (end, now, text) => {
    expect(remainingText(at(end), at(now))).toBe(text);
  });

  it('is not late in the very second in which it is due', () => {
    expect(remaining(1000, 1000)).toEqual({ late: false, unit: 'minute', count: 1 });
    expect(urgency(1000, 1000)).toBe('soon');
    expect(urgency(999, 1000)).toBe('late');
    expect(urgency(at('2026-12-05T00:00:00'), at('2026-12-01T00:00:00'))).toBe('');
  });
});

describe('answers of the server', () => {
  it('are read as they are on the wire', () => {
    expect(readNodes({ now: 5, nodes: [due, { ...due, handler: null, round: 2 }] })).toEqual({
      now: 5,
      nodes: [due, { ...due, handler: null, round: 2 }],
    });
    expect(readEscalations({ now: 5, escalations: [escalation] }).escalations[0]).toEqual(escalation);
    const answered = { ...escalation, answered: { by: row.handler, at: 9 }, answer_by: null };
    expect(readEscalations({ now: 5, escalations: [answered] }).escalations[0]?.answered?.by?.name).toBe('王法官');
    const load = { days: ['2026-12-01'], handlers: [{ handler: null, overdue: 1, by_day: [2] }] };
    expect(readLoad(load)).toEqual(load);
  });

  it('are refused whole when a row cannot be read: a deadline must not be missing in silence', () => {
    const { due: _, ...without } = due;
    for (const answer of [{ now: 5, nodes: [due, without] }, { now: 5 }, [], null, 'no']) {
      expect(() => readNodes(answer)).toThrow(Refused);
    }
    expect(() => readLoad({ days: ['2026-12-01'], handlers: [{ handler: null, overdue: 1, by_day: ['2'] }] })).toThrow(Refused);
  });

  it('give each row a key of its own', () => {
    expect(keyOf(row)).toBe('0193-c/T01/1');
    expect(keyOf({ ...row, round: 2 })).not.toBe(keyOf(row));
  });
});

describe('a list that is asked for again', () => {
  it('keeps what it had when the server does not answer, and says so', async () => {
    const polled = new Polled(() => '/api/x', readNodes);
    answersOnce(200, { now: 5, nodes: [due] });
    await polled.refresh();
    answersOnce(503, { code: 'overloaded', title: 'too much' });
    await polled.refresh();
    expect(polled.value?.nodes).toHaveLength(1);
    expect((polled.failed as Refused).code).toBe('overloaded');
    answersOnce(200, { now: 6, nodes: [] });
    await polled.refresh();
    expect([polled.value?.nodes.length, polled.failed]).toEqual([0, null]);
  });

  it('throws an answer away that was overtaken', async () => {
    const answers: ((response: Response) => void)[] = [];
    vi.stubGlobal('fetch', () => new Promise<Response>((done) => answers.push(done)));
    const polled = new Polled(() => '/api/x', readNodes);
    const both = [polled.refresh(), polled.refresh()];
    answers[1]?.(new Response(JSON.stringify({ now: 2, nodes: [due] })));
    answers[0]?.(new Response(JSON.stringify({ now: 1, nodes: [] })));
    await Promise.all(both);
    expect(polled.value?.now).toBe(2);
  });
});

describe('rights', () => {
  it('follow from the roles', () => {
    expect(rightsOf(['director'])).toEqual({ supervises: true, handles: false, moves: true, alarmed: true });
    expect(rightsOf(['president', 'judge'])).toEqual({ supervises: true, handles: true, moves: false, alarmed: true });
    expect(rightsOf(['clerk'])).toEqual({ supervises: false, handles: true, moves: false, alarmed: false });
    for (const role of ['dispatcher', 'operator', 'auditor', 'nobody knows']) expect(mayEnter(rightsOf([role]))).toBe(false);
  });

  it('decide what can be done about an escalation', () => {
    const director = rightsOf(['director']);
    const judge = rightsOf(['judge']);
    expect(actsOn(escalation, director, 'director')).toEqual(['acknowledge', 'close']);
    const noted = { ...escalation, acknowledged: { by: null, at: 1 } };
    expect(actsOn(noted, director, 'director')).toEqual(['close']);
    expect(actsOn({ ...noted, status: 'answered' }, director, 'director')).toEqual(['accept', 'return', 'close']);
    expect(actsOn(escalation, judge, 'judge')).toEqual(['answer']);
    expect(actsOn(escalation, judge, 'another judge')).toEqual([]);
    expect(actsOn({ ...escalation, status: 'warned' }, judge, 'judge')).toEqual([]);
    expect(actsOn({ ...escalation, status: 'answered' }, judge, 'judge')).toEqual([]);
    // Nobody judges the own answer.
    const both = rightsOf(['director', 'judge']);
    expect(actsOn({ ...noted, status: 'answered' }, both, 'judge')).toEqual([]);
  });
});

describe('orders', () => {
  it('go where PROTOCOL says, with the fields it knows', async () => {
    expect(escalationPath(row)).toBe('/api/cases/0193-c/escalations/T01/1');
    expect(handlerPath(row)).toBe('/api/cases/0193-c/handler');
    expect(actBody('acknowledge', 'x')).toEqual({ do: 'acknowledge' });
    expect(actBody('return', '不够')).toEqual({ do: 'return', words: '不够' });
  });

  it('keep the question open when they are refused, and renew the list all the same', async () => {
    const after = vi.fn(async () => undefined);
    const orders = new Orders(after, () => undefined);
    orders.ask({ kind: 'act', act: 'accept', row: escalation });
    answersOnce(409, { code: 'state-conflict', title: 'no' });
    await orders.act('accept', escalation, '', 'done');
    expect(orders.open).not.toBeNull();
    expect((orders.refused as Refused).code).toBe('state-conflict');
    answersOnce(204, null);
    await orders.act('accept', escalation, '', 'done');
    expect([orders.open, orders.refused, orders.told]).toEqual([null, null, 'done']);
    expect(after).toHaveBeenCalledTimes(2);
  });

  it('tell which field is wrong', async () => {
    const orders = new Orders(async () => undefined, () => undefined);
    answersOnce(422, { code: 'field-invalid', title: 'x', errors: [{ pointer: '/handler', code: 'unknown-user' }] });
    await orders.move(row, 'u', 'why', 'done');
    expect((orders.refused as Refused).errors).toEqual([{ pointer: '/handler', code: 'unknown-user' }]);
  });

  it('end the session when the server no longer knows it', async () => {
    const ended = vi.fn();
    const orders = new Orders(async () => undefined, ended);
    answersOnce(401, { code: 'auth-required', title: 'x' });
    await orders.move(row, 'u', 'why', 'done');
    expect(ended).toHaveBeenCalledOnce();
  });
});

describe('the table of load', () => {
  const who = (id: string, overdue: number, by_day: number[]) => ({ handler: { id, name: id }, overdue, by_day });
  const load = {
    days: ['2026-12-01', '2026-12-02'],
    handlers: [{ handler: null, overdue: 9, by_day: [0, 0] }, who('a', 0, [1, 0]), who('b', 2, [0, 8]), who('c', 0, [2, 2])],
  };

  it('shows who is most behind first, and what nobody has last', () => {
    expect(byLoad(load.handlers).map(({ handler }) => handler?.id ?? '')).toEqual(['b', 'c', 'a', '']);
  });

  it('adds up', () => {
    expect(sums(load)).toEqual({ overdue: 11, by_day: [3, 10], greatestDay: 8, greatestOverdue: 9 });
    expect(sums({ days: [], handlers: [] }).greatestDay).toBe(0);
  });

  it('is coloured by the share of the greatest, and nothing has no colour', () => {
    expect([0, 1, 2, 3, 4, 8].map((count) => heat(count, 8))).toEqual([0, 1, 1, 2, 2, 4]);
    expect([heat(1, 1), heat(2, 2)]).toEqual([1, 2]);
    expect(heat(1, 1000)).toBe(1);
    expect(heat(0, 0)).toBe(0);
  });

  it('offers those who have least for a case, but not who has it', () => {
    expect(candidates(load, { id: 'a', name: 'a' })).toEqual([
      { id: 'c', name: 'c', overdue: 0, ahead: 4 },
      { id: 'b', name: 'b', overdue: 2, ahead: 8 },
    ]);
    expect(candidates(load, null).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });
});
