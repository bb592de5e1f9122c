import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, HearthError } from '../index.ts';
import type { CloudEvent, HandleOptions, Input } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const asked = defineEvent('com.acme.asked', z.object({ broken: z.boolean() }));
const door = defineHandler({ name: 'door', state: z.object({}), initial: {} }).on(
  asked,
  ({ event }) => {
    if (event.data.broken) throw new Error('a bug');
    return { reject: { code: 'locked' } };
  },
);
const app = defineApp({ source: 'urn:acme', parts: [door] });
const anything = defineEvent(asked.type, z.any());
const loose = defineApp({
  source: 'urn:acme',
  parts: [
    defineHandler({ name: 'door', state: z.object({}), initial: {} }).on(anything, () => ({
      reject: { code: 'locked' },
    })),
  ],
});

const input = (broken: boolean): Input => ({
  event: {
    specversion: '1.0',
    id: String(broken),
    source: 's',
    type: asked.type,
    subject: 'd1',
    data: { broken },
  },
  principal: { kind: 'service', id: 'test' },
});

const clock = {
  now: () => 0,
  sleep: () => Promise.resolve(),
  within: <T>(_: number, work: (signal: AbortSignal) => Promise<T>) =>
    work(new AbortController().signal),
};

async function lettersOf(deadLetters: 'own' | 'host') {
  const letters = memoryPublisher();
  const runtime = {
    store: memoryStore(),
    publisher: memoryPublisher(),
    deadLetters: letters,
    clock,
  };
  const handled = await handle(app, [input(false), input(true)], runtime, { deadLetters });
  return [handled.map(({ verdict, code }) => [verdict, code]), letters.published.length];
}

const verdicts = [
  ['rejected', 'locked'],
  ['rejected', 'step-failed'],
];

describe('what is rejected', () => {
  it('becomes a dead letter', async () => {
    expect(await lettersOf('own')).toEqual([verdicts, 2]);
  });

  it('is left to a host that keeps dead letters itself', async () => {
    expect(await lettersOf('host')).toEqual([verdicts, 0]);
  });

  it.each([
    ['a circle', { broken: false, self: app }],
    ['a bigint', { broken: false, size: 1n }],
  ])('becomes one without its data, if that is no JSON: %s', async (_, data) => {
    const letters = memoryPublisher();
    const runtime = {
      store: memoryStore(),
      publisher: memoryPublisher(),
      deadLetters: letters,
      clock,
    };
    const good = input(false);
    const odd = Object.assign({}, good.event, { id: 'bad', data }) as CloudEvent;
    const bad = { ...good, event: odd };
    const handled = await handle(loose, [bad, good], runtime);
    expect(handled.map(({ code }) => code)).toEqual(['invalid-data', 'locked']);
    expect(letters.published.map(({ event }) => event.data)).toMatchObject([
      { code: 'invalid-data', event: { id: 'bad', subject: 'd1' } },
      { code: 'locked' },
    ]);
  });
});

describe('what a host gives up', () => {
  const plain = input(false);
  const last = { ...input(false), attempt: 3, lastAttempt: true };
  const give = async (
    inputs: readonly Input[],
    afterLastAttempt?: 'kept' | 'lost',
    takes: 'published' | 'failed' = 'published',
  ) => {
    const letters = memoryPublisher();
    const full = new HearthError('store-unavailable', 'The store is down.', { retryable: true });
    const store = { ...memoryStore(), load: () => Promise.reject(full) };
    const failing = { publish: () => Promise.reject(full) };
    const deadLetters = takes === 'failed' ? failing : letters;
    const runtime = { store, publisher: memoryPublisher(), deadLetters, clock };
    const how = { order: 'key', ...(afterLastAttempt === undefined ? {} : { afterLastAttempt }) };
    const handled = await handle(app, inputs, runtime, how as HandleOptions);
    return [handled.map(({ verdict, code }) => [verdict, code]), letters.published.length];
  };
  const down = 'store-unavailable';

  it.each([
    ['stays with a host that keeps it', [last], 'kept', [[['retry', down]], 0]],
    ['becomes a dead letter where it would be lost', [last], 'lost', [[['rejected', down]], 1]],
    ['is all of which nothing is told', [plain], 'lost', [[['rejected', down]], 1]],
    ['is not what comes again', [{ ...last, lastAttempt: false }], 'lost', [[['retry', down]], 0]],
  ] as const)('%s', async (_, inputs, after, expected) => {
    expect(await give(inputs, after)).toEqual(expected);
  });

  it('stays with the host unless it says otherwise', async () => {
    expect(await give([last])).toEqual([[['retry', down]], 0]);
  });

  it('must come again all the same if no dead letter is accepted', async () => {
    expect(await give([last], 'lost', 'failed')).toEqual([[['retry', 'publisher-unavailable']], 0]);
  });

  it('holds nothing up behind it', async () => {
    const other = { ...last, event: { ...(last.event as CloudEvent), id: 'other' } };
    expect(await give([last, other], 'lost')).toEqual([
      [
        ['rejected', down],
        ['rejected', down],
      ],
      2,
    ]);
  });
});
