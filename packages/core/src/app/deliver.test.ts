import { expect, it } from 'vitest';
import * as z from 'zod';
import {
  defineApp,
  defineEvent,
  defineHandler,
  events,
  handle,
  type CloudEvent,
  type Publisher,
} from '../index.ts';
import { memoryStore } from '../ports/index.ts';

const struck = defineEvent('com.acme.struck', z.object({}));
const rang = defineEvent('com.acme.rang', z.object({ times: z.number() }));
const clock = defineHandler({ name: 'clock', state: z.object({}), initial: {} }).on(
  struck,
  ({ event }) => ({ emit: [1, 2, 3].map((times) => rang(event.subject, { times })) }),
);
const app = defineApp({ source: 'urn:acme', parts: [events(rang), clock] });

/** How many events each call of a publisher gets when one record has emitted three. */
async function callsOf(manners: Partial<Publisher>): Promise<readonly number[]> {
  const calls: number[] = [];
  const publish: Publisher['publish'] = async (outgoing) => {
    calls.push(outgoing.length);
    return outgoing.map(() => ({ outcome: 'published' }));
  };
  const times = { now: () => 0, sleep: async () => undefined };
  const within = <T>(_: number, work: (signal: AbortSignal) => Promise<T>) =>
    work(new AbortController().signal);
  const runtime = {
    store: memoryStore(),
    publisher: { publish, ...manners },
    clock: { ...times, within },
  };
  const event = { ...struck('c1', {}), specversion: '1.0', id: '1', source: 's' } as const;
  const input = { event, principal: { kind: 'service', id: 'test' } } as const;
  await handle(app, [input], runtime);
  return calls;
}

it.each<[string, Partial<Publisher>, readonly number[]]>([
  ['one after the other', {}, [1, 1, 1]],
  ['all at once to a publisher that keeps the order', { ordered: true }, [3]],
  [
    'at once to destinations of their own, whose order nobody promises',
    { destination: ({ id }: CloudEvent) => id },
    [3],
  ],
])('outputs of a record are published %s', async (_, manners, calls) => {
  expect(await callsOf(manners)).toEqual(calls);
});
