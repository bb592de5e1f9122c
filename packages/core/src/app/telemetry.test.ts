import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, type Tracing } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const rung = defineEvent('com.acme.rung', z.object({}));
const bell = defineHandler({ name: 'bell', state: z.number(), initial: 0 }).on(
  rung,
  ({ state }) => ({ state: state + 1 }),
);
const app = defineApp({ source: 'urn:acme', parts: [bell] });

/** The names of the spans that are started for one event. */
async function spansWith(isOn: Pick<Tracing, 'isOn'>): Promise<readonly string[]> {
  const names: string[] = [];
  const span = {
    traceparent: () => undefined,
    set: () => undefined,
    fail: () => undefined,
    end: () => undefined,
  };
  const runtime = {
    store: memoryStore(),
    publisher: memoryPublisher(),
    clock: { now: () => 0, sleep: () => Promise.resolve(), within: () => Promise.reject() },
    tracing: {
      ...isOn,
      start(name: string) {
        names.push(name);
        return span;
      },
    },
  };
  const event = { specversion: '1.0', id: '1', source: 's', ...rung('b1', {}) } as const;
  await handle(app, [{ event, principal: { kind: 'service', id: 'test' } }], runtime);
  return names;
}

it.each([
  ['somebody records', { isOn: () => true }, 1],
  ['nobody says whether somebody does', {}, 1],
  ['nobody records', { isOn: () => false }, 0],
  [
    'asking for it fails',
    {
      isOn: () => {
        throw new Error('no');
      },
    },
    0,
  ],
])('starts so many spans if %s', async (_, isOn, count) => {
  expect(await spansWith(isOn)).toHaveLength(count);
});
