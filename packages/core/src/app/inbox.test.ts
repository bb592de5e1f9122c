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

const set = defineEvent('com.acme.set', z.object({ n: z.number() }));
const dial = defineHandler({ name: 'dial', state: z.number(), initial: 0 }).on(
  set,
  ({ event }) => ({ state: event.data.n }),
);
const dials = defineApp({ source: 'urn:acme', parts: [dial] });

const turned = (subject: string, n: number, id = `${n}`): Input => ({
  event: { specversion: '1.0', id, source: 's', type: set.type, subject, data: { n } },
  principal: { kind: 'service', id: 'test' },
});

it('loses none of the inputs without effect when two batches work on a record at once', async () => {
  const at = runtime();
  let save = () => undefined as void;
  const held = {
    ...at.store,
    save: async (writes: Parameters<typeof at.store.save>[0]) => {
      if (writes[0]?.key === 'dial/slow') await new Promise<void>((resolve) => (save = resolve));
      return at.store.save(writes);
    },
  };
  const on = { ...at, store: held };
  await handle(dials, [turned('d1', 20, 'a')], on);
  const slow = handle(dials, [turned('d1', 20, 'b'), turned('slow', 1, 'x')], on);
  await handle(dials, [turned('d1', 20, 'c')], on);
  save();
  await slow;
  await handle(dials, [turned('d1', 21, 'd')], on);
  await handle(dials, [turned('d1', 20, 'b'), turned('d1', 20, 'c')], on);
  expect((await read(on, dial.ref('d1'))).state).toBe(21);
});

const said = defineEvent('com.acme.said', z.object({ n: z.number() }));
const loudDial = defineHandler({ name: 'dial', state: z.number(), initial: 0 }).on(
  set,
  ({ state: level, event: { subject, data } }) =>
    level === data.n ? {} : { state: data.n, emit: said(subject, data) },
);
const loud = defineApp({ source: 'urn:acme', parts: [loudDial, said] });

it('forgets nothing recent for what is still to be delivered', async () => {
  const publish = () => Promise.reject(new Error('down'));
  const at = { ...runtime(), publisher: { publish }, sweep: true };
  for (let n = 1; n <= 70; n += 1) await handle(loud, [turned('d1', n)], at);
  await handle(loud, [turned('d1', 70, 'again')], at);
  await handle(loud, [turned('d1', 71)], at);
  const [double] = await handle(loud, [turned('d1', 70, 'again')], at);
  expect(double).toEqual({ verdict: 'done', duplicate: true });
});

it('is no longer than 64 entries when its outputs are delivered as they are made', async () => {
  const at = runtime();
  for (let n = 1; n <= 70; n += 1) await handle(loud, [turned('d1', n)], at);
  expect((await read(at, loudDial.ref('d1'))).remembered).toBe(64);
});
