import { memoryPublisher, memoryStore, type Outgoing, type RecordWrite } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import { simulatedClock } from './clock.ts';
import { faultyPublisher, faultyStore } from './faults.ts';
import { onNth } from './plans.ts';

const write = (key: string, expected: string | null = null): RecordWrite => ({
  key,
  expected,
  body: `of ${key}`,
  due: null,
  tags: {},
});

function outgoing(id: string, partitionkey = id): Outgoing {
  const event = { specversion: '1.0', id, source: 'urn:app', type: 't', partitionkey } as const;
  return { event, body: JSON.stringify(event) };
}

describe('a faulty store', () => {
  const fault = { conflict: 'conflict', full: 'failed', 'write-lost': 'unknown' } as const;

  it.each(['conflict', 'full', 'write-lost'] as const)('does not write on %s', async (name) => {
    const inner = memoryStore();
    const store = faultyStore(inner, onNth('save', 2, name));
    const results = await store.save([write('h/1'), write('h/2'), write('h/3')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['saved', fault[name], 'saved']);
    expect([...inner.entries().keys()]).toEqual(['h/1', 'h/3']);
  });

  it('writes and does not say so on answer-lost', async () => {
    const inner = memoryStore();
    const store = faultyStore(inner, onNth('save', [1, 3], 'answer-lost'));
    const results = await store.save([write('h/1'), write('h/2')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['unknown', 'saved']);
    expect([...inner.entries().keys()]).toEqual(['h/1', 'h/2']);
    // It counts writes, not calls: this is the third.
    expect(await store.save([write('h/3')])).toMatchObject([{ outcome: 'unknown' }]);
  });

  it('refuses the whole call while it is down', async () => {
    const inner = memoryStore();
    const store = faultyStore(inner, onNth('save', 2, 'down'));
    await expect(store.save([write('h/1'), write('h/2')])).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
    expect(inner.entries().size).toBe(0);
  });

  it.each(['load', 'due', 'query'] as const)('can refuse to %s', async (operation) => {
    const store = faultyStore(memoryStore(), onNth(operation, 2, 'down'));
    const ask = {
      load: () => store.load(['h/1']),
      due: () => store.due({ before: 1, limit: 1 }),
      query: () => store.query({ handler: 'h', tag: 't', value: 'v', limit: 1 }),
    }[operation];
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'store-unavailable' });
    await ask();
  });

  it('suffers the same when it erases', async () => {
    const inner = memoryStore();
    const store = faultyStore(inner, onNth('erase', 1, 'conflict'));
    expect(await store.erase([write('h/1')])).toEqual([{ outcome: 'conflict' }]);
    expect(await store.erase([write('h/1')])).toMatchObject([{ outcome: 'saved' }]);
  });

  it('is slow by a clock', async () => {
    const clock = simulatedClock(0, { autoAdvance: true });
    const store = faultyStore(memoryStore(), onNth('load', 1, { slowMs: 900 }), { clock });
    expect(await store.load(['h/1'])).toEqual([undefined]);
    expect(clock.now()).toBe(900);
  });

  it('tells the plan which record is written', async () => {
    const store = faultyStore(memoryStore(), ({ key }) => (key === 'h/2' ? 'full' : undefined));
    const results = await store.save([write('h/1'), write('h/2')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['saved', 'failed']);
  });
});

describe('a faulty publisher', () => {
  it('sends neither what failed nor what was refused', async () => {
    const inner = memoryPublisher();
    const plan = ({ id }: { readonly id: string }) =>
      id === '1' ? 'failed' : id === '2' ? 'refused' : undefined;
    const results = await faultyPublisher(inner, plan).publish(
      ['1', '2', '3'].map((id) => outgoing(id)),
    );
    expect(results).toMatchObject([
      { outcome: 'failed', error: { retryable: true } },
      { outcome: 'failed', error: { retryable: false } },
      { outcome: 'published' },
    ]);
    expect(inner.published.map(({ event }) => event.id)).toEqual(['3']);
  });

  it('sends and does not say so on answer-lost', async () => {
    const inner = memoryPublisher();
    const publisher = faultyPublisher(inner, onNth('publish', 1, 'answer-lost'));
    expect(await publisher.publish([outgoing('1')])).toMatchObject([{ outcome: 'failed' }]);
    expect(inner.published).toHaveLength(1);
  });

  it('rejects and sends nothing while it is down', async () => {
    const inner = memoryPublisher();
    const publisher = faultyPublisher(inner, onNth('publish', 2, 'down'));
    await expect(publisher.publish([outgoing('1'), outgoing('2')])).rejects.toMatchObject({
      code: 'publisher-unavailable',
      retryable: true,
    });
    expect(inner.published).toEqual([]);
  });

  it('skips the rest of a partition after a failure if it keeps order', async () => {
    const events = [outgoing('1', 'a'), outgoing('2', 'a'), outgoing('3', 'b')];
    const ordered = faultyPublisher(memoryPublisher(), onNth('publish', 1, 'failed'));
    const outcomes = async (publisher: typeof ordered) =>
      (await publisher.publish(events)).map(({ outcome }) => outcome);
    expect(await outcomes(ordered)).toEqual(['failed', 'skipped', 'published']);
    const { publish } = memoryPublisher();
    const unordered = faultyPublisher({ publish }, onNth('publish', 1, 'failed'));
    expect(await outcomes(unordered)).toEqual(['failed', 'published', 'published']);
  });

  it('is slow by a clock', async () => {
    const clock = simulatedClock(0, { autoAdvance: true });
    const plan = onNth('publish', [1, 2], { slowMs: 50 });
    await faultyPublisher(memoryPublisher(), plan, { clock }).publish([
      outgoing('1'),
      outgoing('2'),
    ]);
    expect(clock.now()).toBe(100);
  });
});
