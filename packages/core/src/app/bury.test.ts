import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle } from '../index.ts';
import type { CloudEvent, Input } from '../index.ts';
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
