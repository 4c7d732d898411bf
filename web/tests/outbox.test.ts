import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxEntry } from '../shared/outbox';

function numbered(): () => string {
  let n = 0;
  return () => `id-${++n}`;
}

describe('outbox', () => {
  it('keeps a command until it is answered', async () => {
    const outbox = new Outbox(numbered());
    const { entry, done } = outbox.add({ type: 'dispatch' }, 0);
    expect(outbox.unanswered()).toEqual([entry]);
    expect(outbox.answer({ type: 'done', ref: entry.id })).toEqual(entry);
    await expect(done).resolves.toMatchObject({ type: 'done' });
    expect(outbox.size).toBe(0);
    expect(outbox.answer({ type: 'done', ref: entry.id })).toBeNull();
  });

  it('turns a refusal into an error with its code', async () => {
    const outbox = new Outbox(numbered());
    const { entry, done } = outbox.add({ type: 'accept' }, 0);
    outbox.answer({ type: 'refused', ref: entry.id, code: 'offer-expired', title: 'too late' });
    await expect(done).rejects.toMatchObject({ code: 'offer-expired' });
  });

  it('sends an SOS before everything that waits', () => {
    const outbox = new Outbox(numbered());
    outbox.add({ type: 'duty' }, 0);
    outbox.add({ type: 'progress' }, 1);
    outbox.add({ type: 'sos' }, 2, true);
    expect(outbox.unanswered().map(({ command }) => command.type)).toEqual(['sos', 'duty', 'progress']);
    expect(outbox.has('sos')).toBe(true);
  });

  it('is bounded, but always takes an SOS', () => {
    const outbox = new Outbox(numbered());
    for (let i = 0; i < 64; i++) outbox.add({ type: 'progress' }, i);
    expect(() => outbox.add({ type: 'progress' }, 64)).toThrow();
    expect(() => outbox.add({ type: 'sos' }, 65, true)).not.toThrow();
  });

  it('survives a reload', () => {
    let kept: OutboxEntry[] = [];
    const store = { load: () => kept, save: (entries: OutboxEntry[]) => (kept = [...entries]) };
    new Outbox(numbered(), store).add({ type: 'sos' }, 0, true);
    const after = new Outbox(numbered(), store);
    expect(after.has('sos')).toBe(true);
    after.answer({ type: 'done', ref: 'id-1' });
    expect(kept).toEqual([]);
  });

  it('gives up on what makes no sense any more', async () => {
    const outbox = new Outbox(numbered());
    const { done } = outbox.add({ type: 'detail' }, 0);
    outbox.add({ type: 'dispatch' }, 0);
    outbox.drop((entry) => entry.command.type === 'detail');
    await expect(done).rejects.toMatchObject({ code: 'no-answer' });
    expect(outbox.size).toBe(1);
  });
});
