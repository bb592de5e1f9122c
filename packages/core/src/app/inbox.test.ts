import { expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, handle, read, type Input } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const rung = defineEvent('com.acme.rung', z.object({}));
const state = z.object({ rings: z.number() });
const bell = defineHandler({ name: 'bell', state, initial: { rings: 0 } }).on(rung, (input) => ({
  state: { rings: input.state.rings + 1 },
}));
const app = defineApp({ source: 'urn:acme', parts: [bell] });

const rings = (count: number, from = 0): readonly Input[] =>
  Array.from({ length: count }, (_, index) => ({
    event: {
      specversion: '1.0',
      id: `${from + index}`,
      source: 's',
      type: rung.type,
      subject: 'b1',
      data: {},
    },
    principal: { kind: 'service', id: 'test' },
  }));

const runtime = () => ({
  store: memoryStore(),
  publisher: memoryPublisher(),
  clock: { now: () => 0, sleep: () => Promise.resolve(), within: () => Promise.reject() },
});

it('recognises a whole batch that comes again, however large it was', async () => {
  const at = runtime();
  await handle(app, rings(100), at);
  const again = await handle(app, rings(100), at);
  expect(again.every(({ duplicate }) => duplicate === true)).toBe(true);
  expect((await read(at, bell.ref('b1'))).state).toEqual({ rings: 100 });
});

it('recognises a batch that one save cannot take', async () => {
  const at = runtime();
  await handle(app, rings(3000), at);
  const again = await handle(app, rings(3000), at);
  expect(again.every(({ duplicate }) => duplicate === true)).toBe(true);
  expect((await read(at, bell.ref('b1'))).state).toEqual({ rings: 3000 });
});

it('remembers 64 of them once something else has come', async () => {
  const at = runtime();
  await handle(app, rings(100), at);
  await handle(app, rings(1, 100), at);
  expect((await read(at, bell.ref('b1'))).remembered).toBe(64);
});
