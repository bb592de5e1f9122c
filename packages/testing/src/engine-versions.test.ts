import { defineApp, defineEvent, defineHandler, events, read, type App } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { engineWorld, give, idsIn, inputOf, sweepFor, type EngineWorld } from './engine-world.ts';
import { faultyPublisher } from './faults.ts';
import { during } from './plans.ts';

const wound = defineEvent('wound', z.object({ ms: z.number() }));
const rang = defineEvent('rang', z.object({ times: z.number() }));
const ring = defineEvent('ring', z.null());

/** An egg timer as it was first released. */
const egg1 = defineHandler({
  name: 'egg',
  state: z.object({ times: z.number() }),
  initial: { times: 0 },
})
  .on(wound, ({ event: { subject, data }, now }) => ({
    timers: [{ key: 'ring', at: now + data.ms, event: ring(subject, null) }],
  }))
  .on(ring, ({ state, event: { subject } }) => ({
    state: { times: state.times + 1 },
    emit: rang(subject, { times: state.times + 1 }),
  }));

/** The same with another state, another name and a timer that says more. */
const bell = defineEvent('bell', z.object({ tone: z.string() }));
const egg2 = defineHandler({
  name: 'kitchen-timer',
  formerly: 'egg',
  state: z.object({ rings: z.number(), tone: z.string() }),
  initial: { rings: 0, tone: 'a' },
  version: 2,
  migrate: { 1: ({ times }: { times: number }) => ({ rings: times, tone: 'a' }) },
})
  .on(wound, ({ event: { subject, data }, now }) => ({
    timers: [{ key: 'ring', at: now + data.ms, event: bell(subject, { tone: 'b' }) }],
  }))
  .on([ring, bell], ({ state, event: { subject } }) => ({
    state: { ...state, rings: state.rings + 1 },
    emit: rang(subject, { times: state.rings + 1 }),
  }));

/** The same state as at first, but a timer of a type that the first release does not know. */
const egg3 = defineHandler({
  name: 'egg',
  state: z.object({ times: z.number() }),
  initial: { times: 0 },
})
  .on(wound, ({ event: { subject, data }, now }) => ({
    timers: [{ key: 'ring', at: now + data.ms, event: bell(subject, { tone: 'c' }) }],
  }))
  .on([ring, bell], ({ state, event: { subject } }) => ({
    state: { times: state.times + 1 },
    emit: rang(subject, { times: state.times + 1 }),
  }));

const release = (...parts: App['parts']) => defineApp({ source: 'urn:kitchen', parts });
const old = release(egg1, events(rang));
const renamed = release(egg2, events(rang));
const talkative = release(egg3, events(rang));
const wind = (id: string, ms: number) => inputOf(wound('e1', { ms }), id);
const timesIn = ({ publisher }: EngineWorld) =>
  publisher.published.map(({ event }) => (event.data as { times: number }).times);

/** Another release of the app at work on the same records. */
const beside = (world: EngineWorld, app: App): EngineWorld => ({ ...world, app });

describe('two releases on one store', () => {
  it('let the newer one take over records, timers and ids, whatever it calls them', async () => {
    const world = engineWorld(old);
    const alone = engineWorld(old);
    for (const one of [world, alone]) {
      await give(one, [wind('1', 1000)]);
      await sweepFor(one, 2000, 1000);
      await give(one, [wind('2', 1000)]);
    }
    await sweepFor(beside(world, renamed), 2000, 1000);
    await sweepFor(alone, 2000, 1000);
    expect(timesIn(world)).toEqual([1, 2]);
    expect(idsIn(world.publisher)).toEqual(idsIn(alone.publisher));
    expect((await read(world.runtime, egg2.ref('e1'))).state).toEqual({ rings: 2, tone: 'a' });
  });

  it('let the older one try again later what the newer one has touched', async () => {
    const world = engineWorld(old);
    await give(world, [wind('1', 1000)]);
    await sweepFor(beside(world, renamed), 2000, 1000);
    expect(await give(world, [wind('2', 1000)])).toMatchObject([
      { verdict: 'retry', code: 'record-newer' },
    ]);
    expect(await give(beside(world, renamed), [wind('2', 1000)])).toMatchObject([
      { verdict: 'done' },
    ]);
    await sweepFor(world, 600_000);
    expect(timesIn(world)).toEqual([1]);
    await sweepFor(beside(world, renamed), 1000, 1000);
    expect(timesIn(world)).toEqual([1, 2]);
    expect(idsIn(world.letters)).toEqual([]);
  });

  it('let the older one leave alone a timer that it does not know', async () => {
    const world = engineWorld(old);
    await give(beside(world, talkative), [wind('1', 1000)]);
    await sweepFor(world, 3_600_000);
    expect(await give(world, [wind('2', 86_400_000)])).toMatchObject([{ verdict: 'done' }]);
    expect(idsIn(world.letters)).toEqual([]);
  });

  it('let the newer one run a timer that the older one did not know, when it was due', async () => {
    const world = engineWorld(old);
    await give(beside(world, talkative), [wind('1', 1000)]);
    await sweepFor(world, 3_600_000);
    await sweepFor(beside(world, talkative), 10_000);
    expect(timesIn(world)).toEqual([1]);
    expect(world.publisher.published[0]?.event.time).toBe('1970-01-01T00:00:01.000Z');
  });

  it('bury a timer that nobody has known for a week', async () => {
    const world = engineWorld(old);
    await give(beside(world, talkative), [wind('1', 1000)]);
    await sweepFor(world, 8 * 86_400_000, 3_600_000);
    expect(world.letters.published.map(({ event }) => event.data)).toMatchObject([
      { code: 'unknown-type', event: { type: 'bell' } },
    ]);
    expect((await read(world.runtime, egg1.ref('e1'))).timers).toEqual([]);
  });

  it('send what was saved by the older one with its bytes', async () => {
    const world = engineWorld(old, ({ publisher, clock }) => ({
      publisher: faultyPublisher(publisher, during(clock, 0, 10_000, 'down')),
    }));
    await give(world, [wind('1', 1000)]);
    await sweepFor(world, 2000, 1000);
    const louder = release(
      defineHandler({
        name: 'egg',
        state: z.object({ times: z.number() }),
        initial: { times: 0 },
      }).on(ring, ({ event }) => ({ emit: rang(event.subject, { times: 99 }) })),
      events(rang),
    );
    await sweepFor(beside(world, louder), 60_000, 1000);
    expect(timesIn(world)).toEqual([1]);
  });

  it('let the older one leave to the newer one what only that one has handlers for', async () => {
    const cooked = defineEvent('cooked', z.object({ by: z.string() }));
    const cook = defineHandler({ name: 'cook', state: z.null(), initial: null }).on(
      wound,
      ({ event }) => ({ emit: cooked(event.subject, { by: 'cook' }) }),
    );
    const eater = defineHandler({ name: 'eater', state: z.number(), initial: 0 }).on(
      cooked,
      ({ state }) => ({ state: state + 1 }),
    );
    const newer = release(cook, eater);
    const world = engineWorld(newer, ({ publisher, clock }) => ({
      publisher: faultyPublisher(publisher, during(clock, 0, 10_000, 'down')),
    }));
    // The newer release dies between saving and showing what it emitted: the older one finds it.
    const crashed = { ...world, runtime: { ...world.runtime, cascade: 'inline' as const } };
    let saves = 0;
    const store = {
      ...world.store,
      save: async (writes: Parameters<typeof world.store.save>[0]) => {
        saves += 1;
        return saves > 1 ? Promise.reject(new Error('dead')) : world.store.save(writes);
      },
    };
    await give({ ...crashed, runtime: { ...crashed.runtime, store } }, [wind('1', 1)]);
    const older = release(
      defineHandler({ name: 'cook', state: z.null(), initial: null }).on(wound, () => ({})),
    );
    await sweepFor(beside(world, older), 600_000);
    expect(idsIn(world.publisher)).toHaveLength(1);
    await sweepFor(world, 600_000);
    expect((await read(world.runtime, eater.ref('e1'))).state).toBe(1);
    expect(idsIn(world.letters)).toEqual([]);
  });
});

describe('data of an older version', () => {
  const warmed = defineEvent('warmed', z.object({ celsius: z.number() }), {
    older: [
      {
        type: 'warmed.v1',
        data: z.object({ fahrenheit: z.number() }),
        upcast: ({ fahrenheit }: { fahrenheit: number }) => ({ celsius: (fahrenheit - 32) / 1.8 }),
      },
    ],
  });
  const probe = defineHandler({ name: 'probe', state: z.number(), initial: 0 }).on(
    warmed,
    ({ event }) => ({ state: event.data.celsius }),
  );
  const app = release(probe);

  it('is brought up to date, and its double is still known', async () => {
    const world = engineWorld(app);
    const input = inputOf({ type: 'warmed.v1', subject: 'p', data: { fahrenheit: 212 } }, '1');
    expect(await give(world, [input, input])).toMatchObject([
      { verdict: 'done' },
      { verdict: 'done', duplicate: true },
    ]);
    expect((await read(world.runtime, probe.ref('p'))).state).toBe(100);
  });
});

describe('a record that nobody can read', () => {
  it.each([
    ['of a newer format', '{"f":9,"v":1,"s":{"times":1}}', 'record-newer'],
    ['that is no JSON', 'not a record', 'invalid-state'],
  ])('%s is left as it is, and its inputs come again', async (_, body, code) => {
    const world = engineWorld(old);
    world.store.now.save([{ key: 'egg/e1', expected: null, body, due: 0, tags: {} }]);
    expect(await give(world, [wind('1', 1), inputOf(wound('e2', { ms: 1 }), '2')])).toMatchObject([
      { verdict: 'retry', code },
      { verdict: 'done' },
    ]);
    await sweepFor(world, 60_000);
    expect(world.store.now.load(['egg/e1'])[0]?.body).toBe(body);
    expect(timesIn(world)).toEqual([1]);
  });
});
