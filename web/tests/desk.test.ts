import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Desk } from '../console/state/desk.svelte';

type Sent = { type: string; [field: string]: unknown };

/** A socket whose server is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  binaryType = '';
  sent: Sent[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  tells(frame: Sent): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  views(): unknown[] {
    return this.sent.filter(({ type }) => type === 'view').map(({ view }) => (view as { box: unknown }).box);
  }
}

const welcome = {
  type: 'welcome',
  run: 1,
  no: 7,
  now: 0,
  court: { id: 'c', name: 'c', area: [114, 34, 115, 36], court_house: { lat: 35, lon: 114.5, radius_m: 100 } },
  officers: [],
  incidents: [],
  alarms: [],
};

const answers: Record<string, unknown> = {
  '/api/session': { user: { id: 'u', name: 'u', username: 'u', roles: [] }, court: { id: 'c', name: 'c' } },
  '/api/ws-tickets': { ticket: 't', expires_at: 0 },
};

async function socket(count: number): Promise<FakeSocket> {
  await vi.waitFor(() => expect(FakeSocket.all.length).toBe(count));
  const newest = FakeSocket.all[count - 1];
  if (!newest) throw new Error('no socket');
  return newest;
}

describe('where the map looks', () => {
  beforeEach(() => {
    FakeSocket.all = [];
    const page = { setTimeout, clearTimeout, setInterval, clearInterval, addEventListener() {}, removeEventListener() {} };
    vi.stubGlobal('window', page);
    vi.stubGlobal('document', { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} });
    vi.stubGlobal('location', { protocol: 'http:', host: 'here' });
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('fetch', async (path: string) => Response.json(answers[path]));
  });
  afterEach(() => vi.unstubAllGlobals());

  it('is told also when it changed between hello and welcome, or resumed', async () => {
    const desk = new Desk();
    await desk.retrySession();
    const first = await socket(1);
    first.opens();
    expect(first.sent).toMatchObject([{ type: 'hello' }]);
    desk.lookAt([1, 1, 2, 2]);
    desk.lookAt([1, 1, 3, 3]);
    expect(first.views()).toEqual([]);
    first.tells(welcome);
    expect(first.views()).toEqual([[1, 1, 3, 3]]);
    desk.lookAt([1, 1, 4, 4]);
    expect(first.views()).toEqual([[1, 1, 3, 3], [1, 1, 4, 4]]);

    first.onclose?.({ code: 1006 });
    desk.reconnect();
    const second = await socket(2);
    second.opens();
    expect(second.sent).toMatchObject([{ type: 'hello', view: { box: [1, 1, 4, 4] }, after: { run: 1, no: 7 } }]);
    desk.lookAt([1, 1, 5, 5]);
    second.tells({ type: 'resumed', run: 1, no: 9, now: 0 });
    expect(second.views()).toEqual([[1, 1, 5, 5]]);
    await desk.signOut();
  });

  it('says nothing before the map has looked anywhere', async () => {
    const desk = new Desk();
    await desk.retrySession();
    const only = await socket(1);
    only.opens();
    only.tells(welcome);
    expect(only.views()).toEqual([]);
    await desk.signOut();
  });
  it('takes several frames in one as if they came one by one', async () => {
    const desk = new Desk();
    await desk.retrySession();
    const only = await socket(1);
    only.opens();
    only.tells(welcome);
    const line = (no: number) => ({ type: 'event', no, at: 0, kind: 'officer.contact_lost', title: `${no}` });
    only.tells({ type: 'news', news: [line(8), line(9)] });
    expect(desk.board.feed.map(({ title }) => title)).toEqual(['9', '8']);
    // The second of them is what it goes on from.
    only.onclose?.({ code: 1006 });
    desk.reconnect();
    const again = await socket(2);
    again.opens();
    expect(again.sent).toMatchObject([{ type: 'hello', after: { run: 1, no: 9 } }]);
    await desk.signOut();
  });
});
