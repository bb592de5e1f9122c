import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const rung = defineEvent('com.acme.rung', z.object({}));
const bell = defineHandler({ name: 'bell', state: z.object({}), initial: {} }).on(
  rung,
  ({ event, now }) => ({ timers: [{ key: 'again', at: now + 1, event: rung(event.subject, {}) }] }),
);

it('answers as usual when the host cannot be asked for a wake-up', async () => {
  const clock = { now: () => 0, sleep: async () => undefined, within: () => Promise.reject() };
  const runtime = {
    store: memoryStore(),
    publisher: memoryPublisher(),
    clock,
    wake: () => {
      throw new Error('no scheduler');
    },
  };
  const event = { ...rung('b1', {}), specversion: '1.0', id: '1', source: 's' } as const;
  const input = { event, principal: { kind: 'service', id: 'test' } } as const;
  expect(await handle(defineApp({ source: 'urn:acme', parts: [bell] }), [input], runtime)).toEqual([
    { verdict: 'done' },
  ]);
});
