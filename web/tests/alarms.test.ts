// Alarms of emergencies at the desk of a director or a president.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type OpenAlarm, readAlarms } from '../desk/protocol/alarms';
import { alarmPath, Orders } from '../desk/state/orders.svelte';
import { mayList, rightsOf } from '../desk/state/rights';
import { LISTS, placeOf } from '../desk/state/route.svelte';
import { Supervision } from '../desk/state/supervision.svelte';
import { alarmWhat, officeName } from '../desk/words';
import { Refused } from '../shared/refused';
import { Session } from '../shared/session.svelte';

vi.hoisted(() => vi.stubGlobal('location', { hash: '' }));

const alarm: OpenAlarm = {
  alarm: '0193-a',
  level: 'director',
  kind: 'clock_overdue',
  node: 'E03',
  zh: '紧急线索·出发',
  en: 'Emergency: unit rolling',
  incident: '0193-i',
  number: '2026-000001',
  incident_kind: 'debtor_sighted',
  exercise: false,
  raised: 1,
};

const bare: OpenAlarm = {
  ...alarm,
  kind: 'clock_suspect',
  node: null,
  zh: null,
  en: null,
  incident: null,
  number: null,
  incident_kind: null,
  exercise: false,
};

function answers(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(async (_path: string, _options: RequestInit) => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

afterEach(() => vi.unstubAllGlobals());

describe('the list of alarms', () => {
  it('is read as it is on the wire, with and without an incident', () => {
    expect(readAlarms({ now: 5, alarms: [alarm, bare] })).toEqual({ now: 5, alarms: [alarm, bare] });
  });

  it('is refused whole when a row cannot be read', () => {
    const { raised: _, ...without } = alarm;
    for (const answer of [{ now: 5, alarms: [alarm, without] }, { now: 5 }, { now: 5, alarms: [{ ...alarm, node: 3 }] }, null]) {
      expect(() => readAlarms(answer)).toThrow(Refused);
    }
  });

  it('says in a line what each is about', () => {
    expect([alarmWhat(alarm), alarmWhat(bare)]).toEqual(['2026-000001 E03', '服务器时钟异常']);
    expect(['director', 'president', 'centre'].map(officeName)).toEqual(['执行局长', '院长', '执行指挥中心']);
  });

  it('is for those whom it alarms, stands first, and is not what a page begins with', () => {
    const listed = (role: string) => LISTS.filter((name) => mayList(name, rightsOf([role])));
    for (const role of ['director', 'president']) expect(listed(role)).toEqual(['clocks', 'near', 'overdue', 'escalations', 'load']);
    expect(listed('discipline')).toEqual(['near', 'overdue', 'escalations', 'load']);
    expect(listed('judge')).toEqual(['near', 'overdue', 'escalations']);
    expect([placeOf(''), placeOf('#/clocks')]).toEqual(['near', 'clocks']);
  });
});

describe('what is asked for', () => {
  it('is the list of alarms every 10 s, all of it every 30 s, and no alarm for whom none reaches', async () => {
    vi.useFakeTimers();
    const asked: string[] = [];
    const page = { setInterval, clearInterval };
    vi.stubGlobal('window', page);
    vi.stubGlobal('document', { hidden: false, addEventListener() {}, removeEventListener() {} });
    vi.stubGlobal('fetch', async (path: string) => {
      asked.push(path.replace('/api/supervision/', '').split('?')[0] ?? '');
      return Response.json({ now: 0, alarms: [], nodes: [], escalations: [], days: [], handlers: [] });
    });
    const all = ['nodes', 'nodes', 'escalations', 'load'];
    for (const [role, first, later] of [
      ['director', ['alarms', ...all], ['alarms']],
      ['discipline', all, []],
    ] as const) {
      asked.length = 0;
      const session = new Session();
      session.user = { id: 'u', name: 'u', username: 'u', roles: [role] };
      const end = new Supervision(session).begin();
      await vi.advanceTimersByTimeAsync(1000);
      expect(asked).toEqual(first);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(asked).toEqual([...first, ...later, ...later]);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(asked).toEqual([...first, ...later, ...later, ...first]);
      end();
    }
    vi.useRealTimers();
  });
});

describe('an acknowledgement', () => {
  const desk = () => {
    const after = vi.fn(async () => undefined);
    const ended = vi.fn();
    return { orders: new Orders(after, ended), after, ended };
  };

  it('goes to the alarm with nothing in it, and renews the lists', async () => {
    const { orders, after } = desk();
    const fetch = answers(200, {});
    await orders.note(alarm.alarm, 'done', 'taken');
    expect(alarmPath(alarm.alarm)).toBe('/api/alarms/0193-a/acknowledge');
    expect(fetch).toHaveBeenCalledWith(alarmPath(alarm.alarm), expect.objectContaining({ method: 'POST', body: '{}' }));
    expect([orders.told, orders.refused]).toEqual(['done', null]);
    expect(after).toHaveBeenCalledOnce();
  });

  it('goes once for a double click', async () => {
    const { orders } = desk();
    const fetch = answers(200, {});
    await Promise.all([orders.note('a', 'done', 'taken'), orders.note('a', 'done', 'taken'), orders.note('b', 'done', 'taken')]);
    expect(fetch).toHaveBeenCalledTimes(2);
    await orders.note('a', 'done', 'taken');
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it('that comes too late is told, and is no fault', async () => {
    const { orders, after } = desk();
    answers(404, { code: 'not-found', title: 'not found' });
    await orders.note('a', 'done', 'taken');
    expect([orders.told, orders.refused]).toEqual(['taken', null]);
    expect(after).toHaveBeenCalledOnce();
  });

  it('that was refused says why, until the next', async () => {
    const { orders, ended } = desk();
    answers(503, { code: 'overloaded', title: 'x' });
    await orders.note('a', 'done', 'taken');
    expect([(orders.refused as Refused).code, orders.told]).toEqual(['overloaded', '']);
    answers(200, {});
    await orders.note('a', 'done', 'taken');
    expect(orders.refused).toBeNull();
    answers(401, { code: 'auth-required', title: 'x' });
    await orders.note('a', 'done', 'taken');
    expect(ended).toHaveBeenCalledOnce();
  });

  it('does not inherit the refusal of a question that was left', async () => {
    const { orders } = desk();
    orders.ask({ kind: 'move', row: { case: 'c', number: 'n', handler: null, node: 'T01', zh: '', en: '', round: 1 } });
    answers(503, { code: 'overloaded', title: 'x' });
    await orders.move({ case: 'c', number: 'n', handler: null, node: 'T01', zh: '', en: '', round: 1 }, 'u', '', 'done');
    expect(orders.refused).not.toBeNull();
    orders.leave();
    expect([orders.open, orders.refused]).toEqual([null, null]);
  });
});
