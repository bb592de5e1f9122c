import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  ask,
  defineApp,
  defineCall,
  defineDevice,
  defineEvent,
  defineHandler,
  defineHome,
  defineRule,
  each,
  handle,
  lives,
  read,
  sweep,
} from '../index.ts';
import type { CloudEvent, Draft, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';
import { decisionLines, shadow, type Decided, type Found, type ShadowOptions } from './index.ts';

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
const call = (type: string) =>
  defineCall({ type, request: z.object({}), result: z.object({}), timeoutMs: 10, attempts: 1 });
const [classify, push] = [call('classify'), call('push')];
const moved = defineEvent('moved', z.object({}));
const camera = defineHandler({ name: 'camera', state: z.number(), initial: 0 })
  .on(moved, ({ event }) => ({ emit: [classify(event.subject, {}), push(event.subject, {})] }))
  .on(classify.done, ({ state }) => ({ state: state + 1, reply: 'seen' }));
const app = defineApp({ source: 'urn:acme', parts: [lamp, home, allOff, classify, push, camera] });

function start(options: ShadowOptions) {
  const watcher = shadow(options);
  const world = { now: 1_000_000, performed: [] as string[], count: 0, warned: 0 };
  const [publisher, deadLetters] = [memoryPublisher(), memoryPublisher()];
  const perform = (type: string) => async () => {
    world.performed.push(type);
    return {};
  };
  const silent = () => undefined;
  const runtime: Runtime = {
    store: memoryStore(),
    publisher,
    deadLetters,
    clock: {
      now: () => world.now,
      sleep: () => new Promise(() => undefined),
      within: (_, work) => work(new AbortController().signal),
    },
    calls: { classify: perform('classify'), push: perform('push') },
    logger: {
      debug: silent,
      info: silent,
      warn: () => void (world.warned += 1),
      error: silent,
      fatal: silent,
    },
    shadow: watcher,
  };
  const eventOf = (draft: Draft, source: string): CloudEvent => {
    world.count += 1;
    const time = new Date(world.now).toISOString();
    return { specversion: '1.0', id: `e${world.count}`, source, time, ...draft };
  };
  const principal = { kind: 'service', id: 'test' } as const;
  const inputOf = (draft: Draft, source: string) => ({ event: eventOf(draft, source), principal });
  const say = (draft: Draft, source = 'urn:devices') =>
    handle(app, [inputOf(draft, source)], runtime);
  const leave = async () => {
    for (const draft of [lives('l1', 'h1'), lamp.events.reported('l1', { isOn: true })])
      await say(draft);
    await say(home.set('h1', { isAway: true }));
  };
  return { watcher, runtime, world, publisher, deadLetters, say, leave, inputOf };
}

const theirs = 'urn:acme:old';
const types = ['lamp.set'];

describe('an app in the shadow', () => {
  it('runs and saves, its own handlers hear each other, and nothing gets out', async () => {
    const { runtime, leave, say, publisher, deadLetters, world } = start({});
    await leave();
    const [handled] = await say(home.set('h1', { isAway: 'yes' } as never));
    expect(handled).toMatchObject({ verdict: 'rejected', code: 'invalid-data' });
    await say(moved('c1', {}));
    expect((await read(runtime, lamp.ref('l1'))).state.desired).toEqual({ isOn: false });
    expect((await read(runtime, allOff.ref('h1'))).outputs).toEqual([]);
    expect([publisher.published, deadLetters.published, world.performed]).toEqual([[], [], []]);
    await sweep(app, runtime);
    expect(publisher.published).toEqual([]);
  });

  it('shows what would have gone out, and why', async () => {
    const seen: Decided[] = [];
    const { leave, say } = start({ decided: (one) => seen.push(one) });
    await leave();
    await say(moved('c1', {}));
    const shown = seen.map(({ event, because }) => [event.type, event.subject, because]);
    expect(shown).toContainEqual(['lamp.set', 'l1', ['away']]);
    expect(shown).toContainEqual(['lamp.desired', 'l1', undefined]);
    expect(shown).toContainEqual(['push', 'c1', undefined]);
  });

  it('performs the calls that do no harm, if told so', async () => {
    const { runtime, inputOf, world } = start({ perform: ['classify'] });
    const input = inputOf(moved('c1', {}), 'urn:devices');
    const asked = await ask(app, input, runtime, { withinMs: 1000 });
    expect(asked).toEqual({ outcome: 'answered', reply: 'seen' });
    expect(world.performed).toEqual(['classify']);
  });

  it('takes decisions of the existing backend, and does not handle them', async () => {
    const { runtime, say } = start({ existing: { from: theirs } });
    expect(await say(lamp.set('l9', { isOn: true }), theirs)).toEqual([{ verdict: 'done' }]);
    expect((await read(runtime, lamp.ref('l9'))).exists).toBe(false);
  });

  it('finds what both, one and the other decided, and tells each at its time', async () => {
    const told: Found[] = [];
    const found = (one: Found) => void told.push(one);
    const { leave, say, world, watcher } = start({
      existing: { from: ({ source }) => source === theirs, types, withinMs: 5000, found },
    });
    await leave();
    await say(lamp.set('l1', { isOn: false }), theirs);
    expect(told.map(({ outcome }) => outcome)).toEqual(['both']);
    await say(lamp.set('l2', { isOn: false }), theirs);
    world.now += 5001;
    expect(watcher.comparison(world.now)).toMatchObject({ both: 1, onlyTheirs: 1, onlyOurs: 0 });
    expect(decisionLines(watcher.comparison())[0]).toContain('2 decisions');
    expect(told.map(({ outcome }) => outcome)).toEqual(['both', 'only-theirs']);
  });

  it('goes on when an observer throws', async () => {
    const thrower = () => {
      throw new Error('boo');
    };
    const { leave, runtime, world } = start({
      decided: thrower,
      existing: { from: theirs, types, withinMs: 0, found: thrower },
    });
    await leave();
    expect((await read(runtime, lamp.ref('l1'))).state.desired).toEqual({ isOn: false });
    expect(world.warned).toBeGreaterThan(0);
  });

  it('does what it did not do before, once it is in charge', async () => {
    const { leave, say, runtime, publisher } = start({});
    await leave();
    const { shadow: _, ...inCharge } = runtime;
    const input = { principal: { kind: 'service', id: 'test' } as const };
    await say(home.set('h1', { isAway: false }));
    const event = { specversion: '1.0', id: 'x', source: 's', ...home.set('h1', { isAway: true }) };
    await handle(app, [{ ...input, event: event as CloudEvent }], inCharge);
    expect(publisher.published.map(({ event: { type } }) => type)).toContain('lamp.set');
  });
});

it.each(['', undefined])('refuses existing decisions from %j', (from) => {
  expect(() => shadow({ existing: { from: from as string } })).toThrow(
    expect.objectContaining({ code: 'invalid-option', field: 'existing.from' }),
  );
});
