import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, type Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const entered = defineEvent('com.acme.entered', z.object({ room: z.unknown() }));
const rooms = defineHandler({
  name: 'rooms',
  state: z.number(),
  initial: 0,
  subject: ({ data }) => (data as { room: string }).room,
}).on(entered, ({ state }) => ({ state: state + 1 }));
const app = defineApp({ source: 'urn:acme', parts: [rooms] });

async function enter(room: unknown) {
  const [store, deadLetters] = [memoryStore(), memoryPublisher()];
  const clock = { now: () => 0, sleep: async () => undefined, within: () => Promise.reject() };
  const runtime: Runtime = { store, publisher: memoryPublisher(), deadLetters, clock };
  const event = { ...entered('d1', { room }), specversion: '1.0', id: '1', source: 's' } as const;
  const input = { event, principal: { kind: 'service', id: 'test' } } as const;
  const [handled] = await handle(app, [input], runtime);
  return [handled?.verdict, handled?.code, deadLetters.published.length, store.entries().size];
}

it.each([
  ['with a lone surrogate', '\ud800'],
  ['with a zero byte', 'a\0b'],
  ['with a line break', 'a\nb'],
])('rejects for good a subject taken from the data %s', async (_, room) => {
  expect(await enter(room)).toEqual(['rejected', 'invalid-event', 1, 0]);
});

it.each([[''], [null], [5], [{}]])('keeps no record of the subject %j', async (room) => {
  expect(await enter(room)).toEqual(['rejected', 'step-failed', 1, 0]);
});

it.each(['kitchen', '厨房', '🍳', 'a/b', '__proto__'])('keeps a record of %s', async (room) => {
  expect(await enter(room)).toEqual(['done', undefined, 0, 1]);
});
