import { describe, expect, it } from 'vitest';
import type { App } from '../app/define-app.ts';
import type { Runtime } from '../ports/runtime.ts';
import { defineApp } from '../app/define-app.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import { sweepAll, throwIfRetry, timed, warnOfAnonymous } from './invocation.ts';

const app: App = defineApp({ source: 'urn:acme', parts: [] });
const lines: object[] = [];
const note = (fields: object) => void lines.push(fields);
const runtime: Runtime = {
  store: memoryStore(),
  publisher: memoryPublisher(),
  clock: { now: () => 1_000, sleep: async () => undefined, within: (_, work) => work({} as never) },
  logger: { debug: note, info: note, warn: note, error: note, fatal: note },
};

describe('timed', () => {
  it.each([
    [300_000, 299_000],
    [8_000, 7_200],
    [3_000, 2_400],
    [100, -500],
  ])('of %d ms keeps so much that an answer comes in time', (ms, leftMs) => {
    expect(timed(runtime, ms).deadline).toBe(1_000 + leftMs);
  });
});

describe('throwIfRetry', () => {
  it('throws for what must come again, with its reasons', () => {
    expect(() => throwIfRetry([{ verdict: 'done' }, { verdict: 'rejected' }])).not.toThrow();
    const handled = [
      { verdict: 'done' },
      { verdict: 'retry', code: 'timeout' },
      { verdict: 'retry' },
    ] as const;
    expect(() => throwIfRetry(handled)).toThrow(
      '2 of 3 must be delivered again: timeout, conflict.',
    );
  });
});

describe('sweepAll', () => {
  it('ends when nothing is due', async () => {
    expect(await sweepAll(app, timed(runtime, 5_000))).toEqual({
      records: 0,
      failed: 0,
      more: false,
    });
  });

  it.each([
    ['the store does not answer', 5_000],
    ['there is no time', 0],
  ])('fails when %s', async (_, ms) => {
    const due = () => Promise.reject(new Error('down'));
    const broken = { ...runtime, store: { ...runtime.store, due } };
    await expect(sweepAll(app, timed(broken, ms))).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
  });
});

describe('warnOfAnonymous', () => {
  it('names the option that is missing, unless the app decides for itself who may speak', () => {
    lines.length = 0;
    warnOfAnonymous({ ...runtime, speaksFor: () => true }, 'principal');
    expect(lines).toEqual([]);
    warnOfAnonymous(runtime, 'principal');
    expect(lines).toEqual([{ field: 'principal' }]);
  });
});
