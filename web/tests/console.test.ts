import { describe, expect, it } from 'vitest';
import type { Alarm } from '../console/protocol';
import { alarmOrder, isSettled, soundFor } from '../console/state/alarms';
import { withKeys } from '../console/state/candidates';
import { feedLine } from '../console/state/history';
import { ageing, inOrder, needsDispatcher, seatsOpen, section } from '../console/state/queue-order';
import type { Considered, Verdict } from '../shared/protocol/shapes';
import { incident } from './incident';

describe('the queue', () => {
  it('shows an SOS first, then who has nobody, then urgent before routine, oldest first', () => {
    const rows = [
      incident({ id: 'routine', urgency: 'routine', status: 'queued' }),
      incident({ id: 'young', opened_at: 2000 }),
      incident({ id: 'old', opened_at: 1000 }),
      incident({ id: 'exhausted', status: 'exhausted', opened_at: 3000 }),
      incident({ id: 'director', status: 'exhausted', alarm: 'director', opened_at: 4000 }),
      incident({ id: 'sos', kind: 'officer_sos', status: 'underway', opened_at: 5000 }),
    ].sort(inOrder);
    expect(rows.map(({ id }) => id)).toEqual(['sos', 'director', 'exhausted', 'old', 'young', 'routine']);
  });

  it('sorts into sections', () => {
    expect(section(incident({}))).toBe('act');
    expect(section(incident({ status: 'searching' }))).toBe('running');
    expect(section(incident({ status: 'searching', alarm: 'centre' }))).toBe('act');
    expect(section(incident({ status: 'underway', alarm: 'centre' }))).toBe('running');
    expect(section(incident({ status: 'underway', kind: 'officer_sos' }))).toBe('act');
    expect(section(incident({ status: 'queued' }))).toBe('routine');
    expect(section(incident({ status: 'cancelled' }))).toBe('closed');
  });

  it('counts no seat as open once all were taken, also when some are done already', () => {
    const crew = [{ officer: 'a', name: 'A', stage: 'en_route' as const, welfare: 'well' as const, welfare_at: 0 }];
    expect(seatsOpen(incident({ status: 'searching', crew }))).toBe(1);
    expect(seatsOpen(incident({ status: 'underway', crew }))).toBe(0);
    expect(seatsOpen(incident({ status: 'finished' }))).toBe(0);
  });

  it('ages by urgency, and only while somebody waits', () => {
    expect(ageing(incident({}), 59_000)).toBe('calm');
    expect(ageing(incident({}), 61_000)).toBe('late');
    expect(ageing(incident({}), 181_000)).toBe('overdue');
    expect(ageing(incident({ urgency: 'routine' }), 181_000)).toBe('calm');
    expect(ageing(incident({ status: 'underway' }), 999_000)).toBe('calm');
  });

  it('counts what a dispatcher can act on', () => {
    expect(needsDispatcher(incident({ status: 'awaiting_place' }))).toBe(true);
    expect(needsDispatcher(incident({ status: 'searching' }))).toBe(false);
  });
});

describe('candidates', () => {
  const row = (officer: string, verdict: Verdict): Considered => ({
    officer,
    name: officer,
    distance_m: 100,
    fix_age_ms: 1000,
    verdict,
  });

  it('gives keys 1 to 9 to those who may be chosen, in order', () => {
    const rows = withKeys(
      [row('a', 'asked'), row('b', 'conflict_of_interest'), row('c', 'committed'), row('d', 'fix_stale')],
      [],
    );
    expect(rows.map(({ key, choice }) => [key, choice])).toEqual([
      [1, 'order'],
      [null, 'never'],
      [2, 'stack'],
      [3, 'confirm'],
    ]);
  });

  it('leaves out the crew, and stops at nine', () => {
    expect(withKeys([row('a', 'committed')], ['a'])[0]?.choice).toBe('never');
    const many = withKeys(Array.from({ length: 12 }, (_, i) => row(String(i), 'asked')), []);
    expect(many.filter(({ key }) => key !== null)).toHaveLength(9);
  });

  it('never offers a verdict it does not know', () => {
    expect(withKeys([row('a', 'new_word' as Verdict)], [])[0]?.choice).toBe('never');
  });
});

describe('alarms', () => {
  const alarm = (kind: Alarm['kind'], level: Alarm['level'] = 'centre', at = 0): Alarm => ({
    alarm: kind + level + at,
    kind,
    level,
    at,
    title: '',
  });

  it('puts SOS before all, then the director', () => {
    const order = [alarm('actor_down'), alarm('exhausted'), alarm('exhausted', 'director'), alarm('sos', 'centre', 9)]
      .sort(alarmOrder)
      .map(({ kind, level }) => `${kind}/${level}`);
    expect(order).toEqual(['sos/centre', 'exhausted/director', 'exhausted/centre', 'actor_down/centre']);
  });

  it('can be muted, but never an SOS', () => {
    expect(soundFor([], false)).toBeNull();
    expect(soundFor([alarm('exhausted')], false)).toBe('double');
    expect(soundFor([alarm('exhausted')], true)).toBeNull();
    expect(soundFor([alarm('exhausted'), alarm('sos')], true)).toBe('siren');
    expect(soundFor([alarm('officer_silent')], true)).toBe('siren');
  });
});

describe('the feed', () => {
  it('takes the number from a line and says codes in words', () => {
    expect(feedLine('incident.stage_reached', '2026-000003 · 胡艳 · on_scene')).toEqual({
      number: '2026-000003',
      what: '进展',
      who: '胡艳 · 已到场',
    });
    expect(feedLine('officer.went_on_duty', '王建国')).toEqual({ number: '', what: '上岗', who: '王建国' });
    expect(feedLine('incident.of_the_future', 'Something new')).toMatchObject({ what: 'Something new' });
  });
});

describe('an alarm about nobody to send', () => {
  const alarm: Alarm = { alarm: 'x', level: 'centre', kind: 'exhausted', incident: 'i', at: 0, title: '' };

  it('is settled once officers were found, and an SOS never is', () => {
    expect(isSettled(alarm, incident({ status: 'exhausted' }))).toBe(false);
    expect(isSettled(alarm, incident({ status: 'searching' }))).toBe(false);
    expect(isSettled(alarm, incident({ status: 'underway' }))).toBe(true);
    expect(isSettled(alarm, undefined)).toBe(true);
    expect(isSettled({ ...alarm, kind: 'sos' }, incident({ status: 'underway' }))).toBe(false);
  });

  it('about silence is settled when the officer has answered or left', () => {
    const silent: Alarm = { ...alarm, kind: 'officer_silent', officer: 'a' };
    const crew = (welfare: 'well' | 'asked' | 'silent') => [
      { officer: 'a', name: 'A', stage: 'on_scene' as const, welfare, welfare_at: 0 },
    ];
    expect(isSettled(silent, incident({ status: 'underway', crew: crew('silent') }))).toBe(false);
    expect(isSettled(silent, incident({ status: 'underway', crew: crew('well') }))).toBe(true);
    expect(isSettled(silent, incident({ status: 'underway', crew: [] }))).toBe(true);
  });
});
