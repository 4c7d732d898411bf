import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Alarm } from '../console/protocol';
import { alarmOrder, isOfClock, isSettled, soundFor } from '../console/state/alarms';
import { countdown, stepReached } from '../console/state/clocks';
import { entryText, feedLine, feedTone } from '../console/state/history';
import { alarmTitle, clockName, clockShort, clockTimeLeft } from '../console/words';
import { locale } from '../shared/i18n.svelte';
import type { IncidentClock } from '../shared/protocol/shapes';
import { incident } from './incident';

const MINUTE_MS = 60_000;

const clock = (node: string, more: Partial<IncidentClock> = {}): IncidentClock => ({
  node,
  zh: '紧急线索·出发',
  en: 'Emergency: unit rolling',
  due: 15 * MINUTE_MS,
  overdue: false,
  ...more,
});

const alarm = (kind: Alarm['kind'], more: Partial<Alarm> = {}): Alarm => ({
  alarm: kind,
  level: 'centre',
  kind,
  at: 0,
  title: '',
  ...more,
});

beforeEach(() => {
  vi.stubGlobal('localStorage', { setItem: () => undefined });
  vi.stubGlobal('document', { documentElement: {} });
  locale.use('zh');
});
afterEach(() => {
  locale.use('zh');
  vi.unstubAllGlobals();
});

describe('a clock that runs', () => {
  it('counts down to nothing, a second that has begun included, and then up', () => {
    const left = (now: number, more?: Partial<IncidentClock>) => clockTimeLeft(clock('E03', more), now);
    expect(left(0)).toBe('剩 15:00');
    expect(left(1)).toBe('剩 15:00');
    expect(left(11 * MINUTE_MS + 48_000)).toBe('剩 03:12');
    expect(left(15 * MINUTE_MS)).toBe('剩 00:00');
    expect(left(15 * MINUTE_MS + 1)).toBe('已超时 00:00');
    expect(left(80 * MINUTE_MS)).toBe('已超时 1:05:00');
  });

  it('is overdue when the server says so, also while this page counts on', () => {
    expect(countdown(clock('E03', { overdue: true }), 14 * MINUTE_MS).overdue).toBe(true);
    expect(clockTimeLeft(clock('E03', { overdue: true }), 14 * MINUTE_MS)).toBe('已超时 00:00');
  });

  it('has a short name, or the one of the procedure when this page knows none', () => {
    expect(clockShort(clock('E03'), 0)).toBe('出发 剩 15:00');
    expect(clockShort(clock('X01'), 0)).toBe('紧急线索·出发 剩 15:00');
    locale.use('en');
    expect(clockShort(clock('E03'), 0)).toBe('unit rolling 15:00 left');
    expect(clockShort(clock('X01'), 16 * MINUTE_MS)).toBe('Emergency: unit rolling overdue by 01:00');
  });
});

describe('an alarm about a clock', () => {
  it('says which', () => {
    expect(alarmTitle(alarm('clock_warning', { node: 'E03' }))).toBe('应急时限将届满 · 出发(E03)');
    expect(alarmTitle(alarm('clock_overdue', { node: 'X01' }))).toBe('应急时限已超过 · X01');
    expect(alarmTitle(alarm('exhausted', { node: null }))).toBe('无人可派');
    locale.use('en');
    expect(alarmTitle(alarm('clock_warning', { node: 'E03' }))).toBe('Emergency clock about to run out · unit rolling (E03)');
    expect(clockName('E02')).toBe('triage and dispatch (E02)');
  });

  it('stands in its place: by kind, then by whom it has reached', () => {
    const kinds: Alarm['kind'][] = ['actor_down', 'clock_suspect', 'clock_warning', 'exhausted', 'clock_overdue', 'officer_silent', 'sos'];
    expect(kinds.map((kind) => alarm(kind)).sort(alarmOrder).map(({ kind }) => kind)).toEqual([...kinds].reverse());
    const levels: Alarm['level'][] = ['centre', 'director', 'president'];
    const raised = levels.map((level) => alarm('clock_overdue', { level, at: level.length }));
    expect(raised.sort(alarmOrder).map(({ level }) => level)).toEqual(['president', 'director', 'centre']);
    // A kind outweighs a level.
    expect([alarm('exhausted', { level: 'president' }), alarm('clock_overdue')].sort(alarmOrder)[0]?.kind).toBe('clock_overdue');
  });

  it('is heard like one about nobody to send, and can be muted', () => {
    for (const kind of ['clock_warning', 'clock_overdue', 'clock_suspect'] as const) {
      expect(soundFor([alarm(kind)], false)).toBe('double');
      expect(soundFor([alarm(kind)], true)).toBeNull();
    }
  });

  it('is settled once the step was reached, or it is over', () => {
    for (const kind of ['clock_warning', 'clock_overdue'] as const) {
      const about = alarm(kind, { node: 'E03', incident: 'i' });
      expect(isOfClock(about)).toBe(true);
      expect(isSettled(about, incident({ clock: clock('E03') }))).toBe(false);
      expect(isSettled(about, incident({ clock: clock('E04') }))).toBe(true);
      expect(isSettled(about, incident({ clock: null }))).toBe(true);
      expect(isSettled(about, incident({ clock: clock('E03'), status: 'cancelled' }))).toBe(true);
      expect(isSettled(about, undefined)).toBe(true);
    }
    expect(isSettled(alarm('clock_suspect'), undefined)).toBe(false);
  });

  it('is not settled while an earlier step hides its clock', () => {
    // Nobody has acknowledged for ten minutes: E01 is still the clock that is due first.
    expect(stepReached('E03', incident({ clock: clock('E01', { overdue: true }) }))).toBe(false);
    expect(stepReached('X01', incident({ clock: clock('E04') }))).toBe(false);
    expect(stepReached(null, incident({ clock: clock('E04') }))).toBe(false);
  });

  it('about sending is not settled by a clock that is only due before it', () => {
    expect(stepReached('E02', incident({ clock: clock('E03') }))).toBe(false);
    expect(stepReached('E02', incident({ clock: clock('E04') }))).toBe(true);
    const offer = { offer: 'o', officer: 'a', name: 'A', received: true, expires_at: 0 };
    expect(stepReached('E02', incident({ clock: clock('E03'), offers_open: [offer] }))).toBe(true);
  });
});

describe('what happened with a clock', () => {
  it('stands in the feed and in the timeline in words', () => {
    expect(feedLine('incident.clock_warning', '2026-000001 · E03')).toEqual({
      number: '2026-000001',
      what: '时限将届满',
      who: '出发(E03)',
    });
    expect(feedLine('incident.clock_overdue', '2026-000001 · E01').what).toBe('时限已超过');
    expect([feedTone('incident.clock_warning'), feedTone('incident.clock_overdue')]).toEqual(['late', 'bad']);
    const data = { node: 'E03', level: 'due', due: 1, alarms: [] };
    const entry = { seq: 1, at: 0, kind: 'incident.clock_overdue', by: 'system', title: '2026-000001 · E03', data };
    expect(entryText(entry, () => undefined)).toBe('出发(E03)');
  });
});
