import { memoryPublisher, memoryStore, type Runtime } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import { simulatedClock } from './clock.ts';
import { atEveryStep, Crash, crashAt } from './crash.ts';

const write = (key: string) => ({ key, expected: null, body: key, due: null, tags: {} });
const outgoing = (id: string) => {
  const event = { specversion: '1.0', id, source: 'urn:app', type: 't', subject: id } as const;
  return { event, body: JSON.stringify(event) };
};

describe('a process that crashes', () => {
  it('dies in the middle of a save, and nothing works any more', async () => {
    const crash = crashAt(3);
    const inner = memoryStore();
    const store = crash.store(inner);
    await store.load(['h/1']);
    await expect(store.save([write('h/1'), write('h/2'), write('h/3')])).rejects.toThrow(Crash);
    expect([...inner.entries().keys()]).toEqual(['h/1']);
    await expect(store.load(['h/1'])).rejects.toThrow(Crash);
    expect(crash.crashed).toBe(true);
  });

  it('dies in the middle of a publication', async () => {
    const inner = memoryPublisher();
    const publisher = crashAt(2).publisher(inner);
    expect(publisher.ordered).toBe(true);
    await expect(publisher.publish([outgoing('1'), outgoing('2')])).rejects.toThrow(Crash);
    expect(inner.published.map(({ event }) => event.id)).toEqual(['1']);
  });

  it('takes every port of its runtime with it', async () => {
    const deadLetters = memoryPublisher();
    const runtime: Runtime = {
      store: memoryStore(),
      publisher: memoryPublisher(),
      clock: simulatedClock(0),
      deadLetters,
      calls: { ring: async () => 'rung' },
    };
    const crash = crashAt(2);
    const mortal = crash.runtime(runtime);
    const ring = () =>
      mortal.calls?.['ring']?.({} as never, {
        idempotencyKey: 'k',
        subject: 's',
        signal: new AbortController().signal,
      });
    expect(await ring()).toBe('rung');
    await expect(ring()).rejects.toThrow(Crash);
    await expect(mortal.deadLetters?.publish([outgoing('1')])).rejects.toThrow(Crash);
    await expect(
      mortal.store.query({ handler: 'h', tag: 't', value: '', limit: 1 }),
    ).rejects.toThrow(Crash);
    expect(deadLetters.published).toEqual([]);
    expect(crash.steps).toBeGreaterThan(2);
  });
});

describe('atEveryStep', () => {
  it('runs once for each step, each time in the state that the steps before it left', async () => {
    const left: number[] = [];
    const steps = await atEveryStep(async (crash) => {
      const inner = memoryStore();
      await crash
        .store(inner)
        .save([write('h/1'), write('h/2')])
        .catch(() => undefined);
      left.push(inner.entries().size);
    });
    expect(left).toEqual([0, 1, 2]);
    expect(steps).toBe(2);
  });

  it('names the step at which something does not hold', async () => {
    const run = atEveryStep(async (crash) => {
      const inner = memoryStore();
      await crash
        .store(inner)
        .save([write('h/1'), write('h/2')])
        .catch(() => undefined);
      expect(inner.entries().size).not.toBe(1);
    });
    await expect(run).rejects.toThrow('when the process dies at step 2');
  });
});
