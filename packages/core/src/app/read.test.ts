import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import type { CloudEvent } from '../event/cloud-event.ts';
import { defineEvent } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Publisher } from '../ports/publisher.ts';
import type { Runtime } from '../ports/runtime.ts';
import { defineApp } from './define-app.ts';
import { handle } from './handle.ts';
import { erase, read, reopen } from './read.ts';

const pressed = defineEvent('pressed', z.object({ by: z.string() }));
const told = defineEvent('told', z.object({ name: z.string() }));
const bell = defineHandler({
  name: 'bell',
  state: z.object({ last: z.string() }),
  initial: { last: 'nobody' },
  tags: ({ last }) => ({ last }),
}).on(pressed, ({ event, now }) => ({
  state: { last: event.data.by },
  emit: told(event.subject, { name: event.data.by }),
  timers: [{ key: 'later', at: now + 60_000, event: pressed(event.subject, { by: 'timer' }) }],
  because: ['pressed'],
  reply: 'ding',
}));
const app = defineApp({ source: 'urn:acme', parts: [bell, told] });

const down: Publisher = { publish: () => Promise.reject(new Error('down')) };

function start(publisher: Publisher = memoryPublisher()) {
  const store = memoryStore();
  const clock = {
    now: () => 1_000,
    sleep: async () => {},
    within: () => Promise.reject(new Error()),
  };
  const runtime: Runtime = { store, publisher, clock, sweep: true };
  const press = async (id: string, by = 'Ann') => {
    const { type, subject, data } = pressed('b1', { by });
    const event: CloudEvent = { specversion: '1.0', id, source: 'urn:b1', type, subject, data };
    const principal = { kind: 'service', id: 's' } as const;
    return (await handle(app, [{ event, principal, attempt: 1 }], runtime))[0];
  };
  return { store, runtime, press, look: () => read(runtime, bell.ref('b1')) };
}

describe('read', () => {
  it('gives the initial state of what is not there', async () => {
    expect(await start().look()).toEqual({
      subject: 'b1',
      state: { last: 'nobody' },
      exists: false,
      erased: false,
      at: 0,
      outputs: [],
      timers: [],
      decisions: [],
      remembered: 0,
    });
  });

  it('shows the state, what waits, and why things were done', async () => {
    const { press, look } = start(down);
    await press('1');
    expect(await look()).toMatchObject({
      state: { last: 'Ann' },
      exists: true,
      at: 1_000,
      outputs: [{ event: { type: 'told', data: { name: 'Ann' } }, tries: 1 }],
      timers: [{ key: 'later', at: 61_000, event: { type: 'pressed' } }],
      decisions: [{ at: 1_000, id: '1', because: ['pressed'], emitted: ['told b1'] }],
      remembered: 1,
    });
  });

  it('knows the type of what it reads', async () => {
    const { state } = await start().look();
    expectTypeOf(state).toEqualTypeOf<{ last: string }>();
    // @ts-expect-error a typo
    void state.lats;
  });

  it('says so when newer code wrote the record', async () => {
    const { store, look } = start();
    await store.save([
      { key: 'bell/b1', expected: null, body: '{"f":1,"v":2,"s":{}}', due: null, tags: {} },
    ]);
    await expect(look()).rejects.toThrow(
      expect.objectContaining({ code: 'record-newer', retryable: true }),
    );
  });
});

describe('erase', () => {
  it('leaves nothing of what was said', async () => {
    const { store, runtime, press, look } = start(down);
    await press('1');
    await erase(runtime, bell.ref('b1'));
    expect(store.entries().get('bell/b1')?.body).not.toMatch(/Ann|pressed|told|ding/);
    expect(await look()).toMatchObject({
      state: { last: 'nobody' },
      exists: true,
      erased: true,
      outputs: [],
      timers: [],
      decisions: [],
    });
    const found = await store.query({ handler: 'bell', tag: 'last', value: 'Ann', limit: 9 });
    expect(found.keys).toEqual([]);
  });

  it('lets the record refuse every input', async () => {
    const { runtime, press } = start();
    await press('1');
    await erase(runtime, bell.ref('b1'));
    expect(await press('2')).toMatchObject({ verdict: 'rejected', code: 'erased' });
  });

  it('keeps out a subject that nobody has heard of yet', async () => {
    const { runtime, press } = start();
    await erase(runtime, bell.ref('b1'));
    expect(await press('1')).toMatchObject({ verdict: 'rejected', code: 'erased' });
  });

  it('may be done twice', async () => {
    const { runtime, press, look } = start();
    await press('1');
    await erase(runtime, bell.ref('b1'));
    await erase(runtime, bell.ref('b1'));
    expect((await look()).erased).toBe(true);
  });

  it('does not lose against somebody who saves meanwhile', async () => {
    const { store, runtime, press, look } = start();
    await press('1');
    let times = 0;
    const racing: Runtime = {
      ...runtime,
      store: {
        ...store,
        load: async (keys) => {
          const loaded = await store.load(keys);
          if (times++ < 3) await press(`race-${times}`, 'Bob');
          return loaded;
        },
      },
    };
    await erase(racing, bell.ref('b1'));
    expect(times).toBe(4);
    expect((await look()).erased).toBe(true);
  });

  it('gives up when it never gets through', async () => {
    const { store, runtime } = start();
    const busy: Runtime = {
      ...runtime,
      store: { ...store, erase: async (writes) => writes.map(() => ({ outcome: 'conflict' })) },
    };
    await expect(erase(busy, bell.ref('b1'))).rejects.toThrow(
      expect.objectContaining({
        code: 'conflict',
        retryable: true,
        message: '"bell" of a subject changed 12 times meanwhile.',
      }),
    );
  });
});

describe('reopen', () => {
  it('lets an erased subject begin anew', async () => {
    const { runtime, press, look } = start();
    await press('1');
    await erase(runtime, bell.ref('b1'));
    await reopen(runtime, bell.ref('b1'));
    expect(await look()).toMatchObject({ state: { last: 'nobody' }, erased: false });
    expect(await press('2', 'Bob')).toMatchObject({ verdict: 'done' });
    expect((await look()).state).toEqual({ last: 'Bob' });
  });

  it('does not let an input from before the erasure in again', async () => {
    const { runtime, press, look } = start();
    await press('1');
    await erase(runtime, bell.ref('b1'));
    await reopen(runtime, bell.ref('b1'));
    expect(await press('1')).toMatchObject({ verdict: 'done', duplicate: true });
    expect((await look()).state).toEqual({ last: 'nobody' });
  });

  it('goes on counting, so that nobody takes what is new for old', async () => {
    const { runtime, press, store } = start(down);
    await press('1');
    await erase(runtime, bell.ref('b1'));
    await reopen(runtime, bell.ref('b1'));
    await press('2');
    const body = store.entries().get('bell/b1')?.body ?? '';
    expect(body).toMatch(/\.000000000002"/);
  });

  it('leaves alone what is not erased, or not there', async () => {
    const { store, runtime, press, look } = start();
    await reopen(runtime, bell.ref('b1'));
    expect(store.entries().size).toBe(0);
    await press('1');
    await reopen(runtime, bell.ref('b1'));
    expect((await look()).state).toEqual({ last: 'Ann' });
  });
});
