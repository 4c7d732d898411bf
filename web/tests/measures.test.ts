import { describe, expect, it } from 'vitest';
import { Refused } from '../shared/refused';
import { body, goodPlace, type Held, missing, newUuid, officerCode } from '../handheld/field/measure';
import { fitted } from '../handheld/field/pictures';
import { MeasureQueue, MOST_FAILURES, type Sender } from '../handheld/field/queue';
import { inMemory, type MeasureStore } from '../handheld/field/store';
import { adviceText, whyText } from '../handheld/field/words';

const ME = '0190a5b0-0000-7000-8000-000000000001';
const OTHER = '0190a5b0-0000-7000-8000-000000000002';

function held(order: number, more: Partial<Held> = {}): Held {
  return {
    measure: `m${order}`,
    owner: ME,
    incident: 'i1',
    incidentNumber: '2026-1',
    kind: 'arrived',
    state: 'waiting',
    order,
    at: 1000.4,
    place: null,
    withPlace: true,
    with: [],
    asset: null,
    party: null,
    text: '',
    pictures: [],
    failed: 0,
    refused: null,
    ...more,
  };
}

const picture = (id: string) => ({
  id,
  jpeg: new Uint8Array([id.length]).buffer,
  bytes: 1,
  thumb: new ArrayBuffer(1),
  sha256: null,
});

/** A server that writes down what reaches it, and refuses what a test says. */
function server(refuse: (what: string) => Refused | null = () => null) {
  const got: string[] = [];
  const answer = async (what: string): Promise<void> => {
    // Another turn, so that two senders at once would get into each other's way.
    await Promise.resolve();
    got.push(what);
    const why = refuse(what);
    if (why) throw why;
  };
  let pictures = 0;
  const sender: Sender = {
    picture: async () => {
      await answer(`picture ${(pictures += 1)}`);
      return `sha${pictures}`;
    },
    measure: (one) => answer(`${one.measure} ${one.pictures.map(({ sha256 }) => sha256).join('+')}`.trim()),
  };
  return { got, sender };
}

async function filled(...all: Held[]): Promise<MeasureStore> {
  const store = inMemory();
  for (const one of all) await store.put(one);
  return store;
}

const states = async (store: MeasureStore) => (await store.all()).map(({ measure, state }) => `${measure} ${state}`);

describe('queue of measures', () => {
  it('sends in the order of recording, pictures first, each once', async () => {
    const store = await filled(held(2), held(1, { pictures: [picture('a'), picture('b')] }), held(3));
    const { got, sender } = server();
    const queue = new MeasureQueue(store, sender, ME);
    // Two at once, as when the network is back in the moment in which something is recorded.
    await Promise.all([queue.flush(), queue.flush()]);
    await queue.flush();
    expect(got).toEqual(['picture 1', 'picture 2', 'm1 sha1+sha2', 'm2', 'm3']);
    expect(await states(store)).toEqual(['m1 done', 'm2 done', 'm3 done']);
    const [first] = await store.all();
    expect(first?.pictures.map(({ jpeg }) => jpeg), 'their bytes are with the server').toEqual([null, null]);
  });

  it('stops without a network, and a new page goes on with the picture that is missing', async () => {
    const store = await filled(held(1, { pictures: [picture('a'), picture('b')] }), held(2));
    const broken = server((what) => (what === 'picture 2' ? new Refused('unreachable', '') : null));
    const stopped = await new MeasureQueue(store, broken.sender, ME).flush();
    expect(stopped?.code).toBe('unreachable');
    expect(broken.got, 'nothing overtakes it').toEqual(['picture 1', 'picture 2']);
    expect(await states(store)).toEqual(['m1 waiting', 'm2 waiting']);

    const whole = server();
    expect(await new MeasureQueue(store, whole.sender, ME).flush()).toBeNull();
    expect(whole.got).toEqual(['picture 1', 'm1 sha1+sha1', 'm2']);
  });

  it('sends a measure again under the same identity when its answer was lost', async () => {
    const store = await filled(held(1));
    let lost = true;
    const { got, sender } = server(() => (lost ? new Refused('unreachable', '') : null));
    const queue = new MeasureQueue(store, sender, ME);
    await queue.flush();
    lost = false;
    await queue.flush();
    expect(got).toEqual(['m1', 'm1']);
    expect(await states(store)).toEqual(['m1 done']);
  });

  it('puts what is refused aside with the reason, and those behind it go on', async () => {
    const store = await filled(held(1), held(2));
    const two = new Refused('state-conflict', 'no', null, [], 'this measure takes two officers');
    const { sender } = server((what) => (what === 'm1' ? two : null));
    expect(await new MeasureQueue(store, sender, ME).flush()).toBeNull();
    expect(await states(store)).toEqual(['m1 refused', 'm2 done']);
    const why = (await store.all())[0]?.refused;
    expect(why).toEqual({ code: 'state-conflict', title: 'no', detail: 'this measure takes two officers', field: null });
    expect(why && adviceText(why)).toContain('第二名');
    expect(why && whyText(why), 'the English rule is not shown where there is advice').not.toContain('officers');
  });

  it('shows the rule in its own words when it knows no advice', () => {
    const why = { code: 'state-conflict', title: 'no', detail: 'a rule of tomorrow', field: null };
    expect(whyText(why)).toContain('a rule of tomorrow');
    expect(adviceText({ ...why, code: 'of-tomorrow' })).toContain('指挥中心');
  });

  it('sends pictures again, once, when the server has lost them', async () => {
    const store = await filled(held(1, { pictures: [picture('a')] }));
    const lost = new Refused('field-invalid', '', null, [{ pointer: '/pictures', code: 'picture-unknown' }]);
    const { got, sender } = server((what) => (what.startsWith('m1') ? lost : null));
    expect(await new MeasureQueue(store, sender, ME).flush()).toBeNull();
    expect(got).toEqual(['picture 1', 'm1 sha1', 'picture 2', 'm1 sha2']);
    const [only] = await store.all();
    expect([only?.state, only?.pictures[0]?.sha256, only?.refused?.field]).toEqual([
      'refused',
      null,
      '/pictures picture-unknown',
    ]);
  });

  it('is not held up for ever by one that makes the server fail', async () => {
    const store = await filled(held(1), held(2));
    const { sender } = server((what) => (what === 'm1' ? new Refused('internal', 'failed') : null));
    const queue = new MeasureQueue(store, sender, ME);
    for (let i = 1; i < MOST_FAILURES; i++) expect((await queue.flush())?.code).toBe('internal');
    expect(await states(store)).toEqual(['m1 waiting', 'm2 waiting']);
    expect(await queue.flush()).toBeNull();
    expect(await states(store)).toEqual(['m1 refused', 'm2 done']);
  });

  it('leaves drafts and what another officer of this telephone has recorded alone', async () => {
    const store = await filled(held(1, { state: 'draft' }), held(2, { owner: OTHER }), held(3));
    const { got, sender } = server();
    await new MeasureQueue(store, sender, ME).flush();
    expect(got).toEqual(['m3']);
  });

  it('forgets what was recorded three days ago, and nothing that waits', async () => {
    const store = await filled(held(1, { state: 'done' }), held(2));
    await new MeasureQueue(store, server().sender, ME).tidy(1000 + 73 * 3_600_000);
    expect(await states(store)).toEqual(['m2 waiting']);
  });
});

describe('a measure', () => {
  it('takes a second officer, and not the same one twice', () => {
    const other = { officer: OTHER, name: '李' };
    expect(missing(held(1, { kind: 'searched' }))).toBe('second');
    expect(missing(held(1, { kind: 'searched', with: [{ officer: ME, name: '我' }] }))).toBe('second');
    expect(missing(held(1, { kind: 'searched', with: [other] }))).toBeNull();
    expect(missing(held(1, { kind: 'sealed', with: [other] }))).toBe('asset');
    expect(missing(held(1, { kind: 'served' }))).toBeNull();
  });

  it('says nothing that it does not know', () => {
    expect(body(held(1))).toEqual({ measure: 'm1', kind: 'arrived', with: [], pictures: [], at: 1000 });
    const place = { lat: 35.2, lon: 114.6, accuracy_m: 8, taken_at: 1 };
    expect(body(held(1, { place, asset: 2, party: 1, text: ' 门口 ' }))).toMatchObject({
      place: { lat: 35.2, lon: 114.6 },
      asset: 2,
      party: 1,
      text: '门口',
    });
    expect(body(held(1, { place, withPlace: false }))).not.toHaveProperty('place');
  });

  it('takes a place only when it is fresh and near', () => {
    const fix = { lat: 35.2, lon: 114.6, accuracy_m: 8, taken_at: 0 };
    expect(goodPlace(fix, 60_000)).toEqual(fix);
    expect(goodPlace(fix, 6 * 60_000)).toBeNull();
    expect(goodPlace({ ...fix, accuracy_m: 3000 }, 0)).toBeNull();
  });

  it('knows an officer by a code however it was pasted', () => {
    expect(officerCode(` ${OTHER.toUpperCase()}\n`)).toBe(OTHER);
    expect(officerCode(OTHER.replaceAll('-', ''))).toBe(OTHER);
    expect(officerCode('0190a5b0')).toBeNull();
    expect(newUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newUuid()).not.toBe(newUuid());
  });

  it('has pictures that are made smaller and never larger', () => {
    expect(fitted(4000, 3000, 2560)).toEqual([2560, 1920]);
    expect(fitted(100, 4000, 2560)).toEqual([64, 2560]);
    expect(fitted(320, 240, 2560)).toEqual([320, 240]);
  });
});
