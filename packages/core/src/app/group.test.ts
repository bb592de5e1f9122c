import { describe, expect, it } from 'vitest';
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

describe('a subject taken from the data', () => {
  const served = defineEvent('com.acme.served', z.object({ room: z.string() }));
  const kitchen = defineHandler({ name: 'kitchen', state: z.number(), initial: 0 }).on(
    served,
    ({ event }) => ({ emit: entered(event.subject, event.data) }),
  );
  const house = defineApp({ source: 'urn:acme', parts: [kitchen, rooms] });
  const user = { kind: 'user', id: 'ann' } as const;

  const serve = async (speaksFor: Runtime['speaksFor'], draft = served('x', { room: 'hall' })) => {
    const [store, deadLetters] = [memoryStore(), memoryPublisher()];
    const clock = { now: () => 0, sleep: async () => undefined, within: () => Promise.reject() };
    const ports = { store, publisher: memoryPublisher(), deadLetters, clock };
    const event = { ...draft, specversion: '1.0', id: '1', source: 's' } as const;
    const input = { event, principal: user, attempt: 1 };
    const [handled] = await handle(house, [input], { ...ports, ...(speaksFor && { speaksFor }) });
    const kept = [...store.entries().keys()];
    return { code: handled?.code, kept, letters: deadLetters.published.length };
  };

  it('needs no leave when the app itself says it, whatever users may say', async () => {
    const answer = await serve(({ kind }, subject) => kind === 'user' && subject === 'x');
    expect(answer).toEqual({ code: undefined, kept: ['kitchen/x', 'rooms/hall'], letters: 0 });
  });

  it('needs leave when somebody else says it', async () => {
    const draft = entered('x', { room: 'hall' });
    const { code, kept } = await serve((_, subject) => subject === 'x', draft as never);
    expect([code, kept]).toEqual(['not-permitted', []]);
  });

  it('is tried again when nobody can tell', async () => {
    const ask = (_: unknown, subject: string) => {
      if (subject === 'x') return true;
      throw new Error('no table');
    };
    const { code, letters } = await serve(ask, entered('x', { room: 'hall' }) as never);
    expect([code, letters]).toEqual(['step-failed', 0]);
  });
});
