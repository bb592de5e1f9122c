import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  defineApp,
  defineDevice,
  defineEvent,
  defineHandler,
  defineHome,
  defineRule,
  each,
  erase,
  handle,
  HearthError,
  lives,
  read,
} from '../index.ts';
import type { CloudEvent, Draft, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore, type MemoryStore } from '../ports/index.ts';
import { exportRecords, importRecords, shadow } from './index.ts';

const lamp = defineDevice({
  type: 'lamp',
  state: z.object({ isOn: z.boolean() }),
  initial: { isOn: false },
  writable: z.object({ isOn: z.boolean() }),
});
const home = defineHome({
  type: 'home',
  state: z.object({ isAway: z.boolean() }),
  initial: { isAway: false },
});
const allOff = defineRule({
  name: 'all-off',
  per: home,
  watch: { home, lamps: each(lamp) },
  when: { away: ({ home: { isAway } }) => isAway },
  emit: ({ lamps }) => lamps.map(({ subject }) => lamp.set(subject, { isOn: false })),
});
const added = defineEvent('added', z.object({ n: z.number() }));
const rung = defineEvent('rung', z.object({}));
const counter = defineHandler({
  name: 'counter',
  state: z.object({ sum: z.number() }),
  initial: { sum: 0 },
  version: 2,
  migrate: { 1: (sum: number) => ({ sum }) },
  tags: ({ sum }) => ({ even: String(sum % 2 === 0) }),
})
  .on(added, ({ state, event, now }) => ({
    state: { sum: state.sum + event.data.n },
    timers: [{ key: 'ring', at: now + 1000, event: rung(event.subject, {}) }],
  }))
  .on(rung, () => ({}));
const app = defineApp({ source: 'urn:acme', parts: [lamp, home, allOff, counter] });

function start(more: Partial<Runtime> = {}) {
  const store = memoryStore();
  const publisher = memoryPublisher();
  const clock = { now: () => 5000, sleep: async () => undefined, within: () => Promise.reject() };
  const runtime: Runtime = { store, publisher, clock, ...more };
  let count = 0;
  const say = (draft: Draft) => {
    count += 1;
    const event = { specversion: '1.0', id: `e${count}`, source: 's', ...draft } as CloudEvent;
    return handle(app, [{ event, principal: { kind: 'service', id: 'test' } }], runtime);
  };
  return { runtime, store, publisher, say };
}

const line = (value: object) => JSON.stringify(value);
const ofCounter = (subject: string, sum: unknown, more: object = {}) =>
  line({ handler: 'counter', subject, state: { sum }, ...more });

describe('an imported record', () => {
  it('holds what its line says, tags included', async () => {
    const { runtime, store } = start();
    const result = await importRecords(app, [ofCounter('c1', 4), '', ofCounter('c2', 5)], runtime);
    expect(result).toEqual({ saved: 2, existing: 0, rejected: 0, rejections: [], next: 4 });
    expect((await read(runtime, counter.ref('c1'))).state).toEqual({ sum: 4 });
    const even = { handler: 'counter', tag: 'even', value: 'true', limit: 9 };
    expect((await store.query(even)).keys).toEqual(['counter/c1']);
  });

  it('is brought up to date from an older version', async () => {
    const { runtime } = start();
    await importRecords(
      app,
      [line({ handler: 'counter', subject: 'c', version: 1, state: 7 })],
      runtime,
    );
    expect((await read(runtime, counter.ref('c'))).state).toEqual({ sum: 7 });
  });

  it('is not overwritten, unless told; then it keeps what it remembers', async () => {
    const { runtime, say } = start();
    await say(added('c1', { n: 1 }));
    expect(await importRecords(app, [ofCounter('c1', 9)], runtime)).toMatchObject({ existing: 1 });
    expect((await read(runtime, counter.ref('c1'))).state).toEqual({ sum: 1 });
    const again = await importRecords(app, [ofCounter('c1', 9)], runtime, { overwrite: true });
    expect(again).toMatchObject({ saved: 1, existing: 0 });
    const look = await read(runtime, counter.ref('c1'));
    expect(look).toMatchObject({ state: { sum: 9 }, remembered: 1, timers: [{ key: 'ring' }] });
  });

  it('of a line that comes twice is that of the first', async () => {
    const { runtime } = start();
    const lines = [ofCounter('c1', 1), ofCounter('c1', 2)];
    expect(await importRecords(app, lines, runtime)).toMatchObject({ saved: 1, existing: 1 });
    expect((await read(runtime, counter.ref('c1'))).state).toEqual({ sum: 1 });
  });

  it('stays erased', async () => {
    const { runtime, say } = start();
    await say(added('c1', { n: 1 }));
    await erase(runtime, counter.ref('c1'));
    const { rejections } = await importRecords(app, [ofCounter('c1', 9)], runtime, {
      overwrite: true,
    });
    expect(rejections).toMatchObject([{ line: 1, code: 'erased' }]);
  });
});

describe('what another system knows of devices and homes', () => {
  const lines = [
    line({
      type: 'lamp',
      subject: 'l1',
      home: 'h1',
      state: { isOn: true },
      desired: { isOn: true },
    }),
    line({ type: 'home', subject: 'h1', state: { isAway: true } }),
  ];

  it('is imported so that rules hear of it', async () => {
    const { runtime, publisher } = start();
    expect(await importRecords(app, lines, runtime)).toMatchObject({ saved: 2, rejected: 0 });
    expect((await read(runtime, lamp.ref('l1'))).state).toMatchObject({
      reported: { isOn: true },
      home: 'h1',
    });
    expect((await read(runtime, allOff.ref('h1'))).decisions).toHaveLength(1);
    expect(publisher.published.map(({ event }) => event.type)).toContain('lamp.set');
  });

  it('leads to nothing outside if it is imported in the shadow', async () => {
    const { runtime, publisher } = start({ shadow: shadow() });
    await importRecords(app, lines, runtime);
    expect((await read(runtime, allOff.ref('h1'))).decisions).toHaveLength(1);
    expect(publisher.published).toEqual([]);
  });

  it('is imported once', async () => {
    const { runtime } = start();
    await importRecords(app, lines, runtime);
    expect(await importRecords(app, lines, runtime)).toMatchObject({ saved: 0, existing: 2 });
  });
});

describe('a line is rejected with its number and a code', () => {
  it.each([
    ['{', 'invalid-data', /no JSON/],
    ['[]', 'invalid-data', /no JSON object/],
    ['null', 'invalid-data', /no JSON object/],
    [ofCounter('', 1), 'invalid-data', /"subject"/],
    [ofCounter('a\nb', 1), 'invalid-data', /"subject"/],
    [line({ handler: 'counter', subject: 'c' }), 'invalid-data', /"state" is missing/],
    [line({ subject: 'c', state: {} }), 'invalid-data', /"type" must be there/],
    [ofCounter('c', 1, { type: 'lamp' }), 'invalid-data', /not both/],
    [ofCounter('c', 1, { sate: 1 }), 'invalid-data', /"sate" is not known/],
    [line({ handler: 'count', subject: 'c', state: {} }), 'not-found', /"handler"/],
    [line({ type: 'lmap', subject: 'c', state: {} }), 'not-found', /"type"/],
    [line({ type: 'all-off', subject: 'c', state: {} }), 'not-found', /"type"/],
    [ofCounter('c', 'many'), 'invalid-state', /does not fit at "sum"/],
    [ofCounter('c', 1, { version: 3 }), 'record-newer', /version/],
    [ofCounter('c', 1, { version: 'x' }), 'invalid-data', /"version"/],
    [ofCounter('c', 1, { seen: 'abc' }), 'invalid-data', /"seen"/],
    [ofCounter('c', 1, { kept: [] }), 'invalid-data', /"kept"/],
    [ofCounter('c', 1, { kept: { s: 5 } }), 'invalid-data', /"kept\.s" is not known/],
    [ofCounter('c', 1, { kept: { out: [{}] } }), 'invalid-data', /"kept\.out"/],
    [ofCounter('c', 1, { kept: { timers: 5 } }), 'invalid-data', /"kept\.timers"/],
    [ofCounter('c', 1, { kept: { at: 'x' } }), 'invalid-data', /"kept\.at"/],
    [line({ handler: 'lamp', subject: 'l', state: { reported: 5 } }), 'invalid-state', /lamp/],
    [line({ handler: 'lamp', subject: 'l', state: 5 }), 'invalid-state', /./],
    [line({ type: 'lamp', subject: 'l', state: { isOn: 'yes' } }), 'invalid-data', /isOn/],
    [line({ type: 'lamp', subject: 'l', home: 5, state: {} }), 'invalid-data', /"home"/],
    [line({ type: 'lamp', subject: 'l', home: 'l', state: {} }), 'invalid-data', /./],
    [line({ type: 'home', subject: 'h', home: 'h', state: {} }), 'invalid-data', /"home"/],
    [line({ type: 'home', subject: 'h', desired: {}, state: {} }), 'invalid-data', /"desired"/],
  ])('%s: %s', async (bad, code, message) => {
    const { runtime } = start();
    const result = await importRecords(
      app,
      [ofCounter('good', 1), bad, ofCounter('ok', 1)],
      runtime,
    );
    expect(result).toMatchObject({ saved: 2, rejected: 1, next: 4 });
    const [rejection] = result.rejections;
    expect(rejection).toMatchObject({ line: 2, code });
    expect(rejection?.message).toMatch(message);
  });
});

describe('an import that stops', () => {
  it('goes on from the line it names, and nothing is lost or doubled', async () => {
    const store = memoryStore();
    let fails = true;
    const flaky: MemoryStore = {
      ...store,
      async save(writes) {
        if (!fails || writes.every(({ key }) => key !== 'counter/c150')) return store.save(writes);
        const error = new HearthError('store-unavailable', 'Throttled.', { retryable: true });
        return writes.map(() => ({ outcome: 'unknown', error }));
      },
    };
    const { runtime } = start({ store: flaky });
    const lines = Array.from({ length: 250 }, (_, at) => ofCounter(`c${at + 1}`, at));
    const first = await importRecords(app, lines, runtime);
    expect(first).toMatchObject({ saved: 100, next: 101, stopped: { code: 'store-unavailable' } });
    fails = false;
    const second = await importRecords(app, lines, runtime, { from: first.next });
    expect(second).toMatchObject({ saved: 150, existing: 0, next: 251 });
    expect(second.stopped).toBeUndefined();
    expect(store.entries().size).toBe(250);
  });
});

describe('exported records', () => {
  it('are the same in another store: inbox, timers, outputs and all', async () => {
    const one = start({ publisher: { publish: () => Promise.reject(new Error('down')) } });
    for (const draft of [lives('l1', 'h1'), lamp.set('l1', { isOn: true })]) await one.say(draft);
    await one.say(home.set('h1', { isAway: true }));
    await one.say(added('c1', { n: 3 }));
    await one.say(added('c2', { n: 3 }));
    await erase(one.runtime, counter.ref('c2'));
    const keys = [...one.store.entries().keys(), 'other/x', 'counter/none'];
    const lines: string[] = [];
    for await (const text of exportRecords(app, one.runtime, keys)) lines.push(text);
    const two = start();
    expect(await importRecords(app, lines, two.runtime)).toMatchObject({
      saved: one.store.entries().size,
      rejections: [],
    });
    const bodies = (store: MemoryStore) =>
      new Map([...store.entries()].map(([key, { body }]) => [key, body]));
    expect(bodies(two.store)).toEqual(bodies(one.store));
    expect(two.store.now.nextDue()).toBe(one.store.now.nextDue());
    expect(lines.join()).toContain('"out":[');
  });

  it('say what is no record', async () => {
    const { runtime, store } = start();
    const write = { key: 'counter/c1', expected: null, body: 'x', due: null, tags: {} };
    await store.save([write]);
    const all = exportRecords(app, runtime, ['counter/c1']);
    await expect(all.next()).rejects.toMatchObject({ code: 'invalid-state' });
  });
});
