import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  defineApp,
  defineEvent,
  defineHandler,
  events,
  handle,
  sweep,
  type App,
  type Publisher,
  type Runtime,
} from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const pressed = defineEvent('com.acme.pressed', z.object({}));
const released = defineEvent('com.acme.released', z.object({}));
const dark = defineEvent('com.acme.dark', z.object({}));
const keeper = (name: string) =>
  defineHandler({ name, state: z.object({}), initial: {} })
    .on(pressed, ({ event, now }) => ({
      timers: [{ key: 'off', at: now + 1, event: released(event.subject, {}) }],
    }))
    .on(released, ({ event }) => ({ emit: dark(event.subject, {}) }));
const appOf = (name: string) =>
  defineApp({ source: `urn:${name}`, parts: [keeper(name), events(dark)] });
const lamps = appOf('lamp');

function home() {
  let now = 0;
  const publisher = memoryPublisher();
  const runtime: Runtime = {
    store: memoryStore(),
    publisher,
    sweep: true,
    clock: {
      now: () => now,
      sleep: async () => undefined,
      within: (_, work) => work(new AbortController().signal),
    },
  };
  const press = (app: App, count: number) =>
    handle(
      app,
      Array.from({ length: count }, (_, n) => ({
        principal: { kind: 'service', id: 'test' } as const,
        event: { ...pressed(`s${n}`, {}), specversion: '1.0', id: `${n}`, source: 'test' } as const,
      })),
      runtime,
    );
  const wait = () => {
    now += 10;
  };
  return { runtime, published: publisher.published, press, wait };
}

describe('a sweep', () => {
  it('attends to as many records as it may, and says that there are more', async () => {
    const { runtime, press, wait, published } = home();
    await press(lamps, 250);
    wait();
    expect(await sweep(lamps, runtime, { limit: 150 })).toEqual({
      records: 150,
      failed: 0,
      more: true,
    });
    expect(await sweep(lamps, runtime)).toEqual({ records: 100, failed: 0, more: false });
    expect(published).toHaveLength(250);
  });

  it('reaches its own records behind those of another app on the store', async () => {
    const { runtime, press, wait, published } = home();
    await press(appOf('bell'), 250);
    wait();
    await press(lamps, 1);
    wait();
    expect(await sweep(lamps, runtime, { limit: 100 })).toEqual({
      records: 1,
      failed: 0,
      more: false,
    });
    expect(published).toHaveLength(1);
  });

  it('reaches a record behind those that cannot be read', async () => {
    const { runtime, press, wait, published } = home();
    const { store } = runtime;
    for (let n = 0; n < 250; n += 1)
      await store.save([{ key: `lamp/0${n}`, expected: null, body: 'broken', due: 0, tags: {} }]);
    await press(lamps, 1);
    wait();
    expect(await sweep(lamps, runtime, { limit: 100 })).toEqual({
      records: 251,
      failed: 250,
      more: false,
    });
    expect(published).toHaveLength(1);
  });

  it('attends to all others when something throws that nobody foresaw', async () => {
    const { runtime, press, wait, published } = home();
    await press(lamps, 3);
    wait();
    const { publisher } = runtime;
    const publish: Publisher['publish'] = async (all) =>
      all.some(({ event }) => event.subject === 's1') ? [] : publisher.publish(all);
    const broken = {
      ...runtime,
      publisher: { publish },
      random: () => {
        throw new Error('no luck');
      },
    };
    expect(await sweep(lamps, broken)).toEqual({ records: 3, failed: 1, more: false });
    expect(published).toHaveLength(2);
  });

  it('leaves the rest to the next one near the deadline', async () => {
    const { runtime, press, wait } = home();
    await press(lamps, 250);
    wait();
    expect(await sweep(lamps, { ...runtime, deadline: 0 })).toEqual({
      records: 100,
      failed: 100,
      more: true,
    });
  });
});
