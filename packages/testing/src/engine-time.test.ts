import { setImmediate as turn } from 'node:timers/promises';
import { defineApp, defineCall, defineHandler, events, read, sweep } from '@hearth/core';
import type { Handled, HandleOptions, Input, Runtime } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { simulatedClock } from './clock.ts';
import {
  asked,
  engineWorld,
  first,
  give,
  idsIn,
  inputOf,
  second,
  sweepFor,
  told,
  type EngineWorld,
} from './engine-world.ts';
import { faultyPublisher, faultyStore, type StoreCall } from './faults.ts';
import { onNth } from './plans.ts';

const app = defineApp({ source: 'urn:chain', parts: [first, second, events(told)] });
const input = inputOf(asked('s', { after: [] }), '1');

/** Slow by a clock that nobody moves: it never answers. */
const never = { clock: simulatedClock(0) };
const hang = { slowMs: 1 };
const hangs = (operation: StoreCall['operation'], nth: number | readonly number[] = 1) =>
  onNth<StoreCall, typeof hang>(operation, nth, hang);

/** What has been answered when so much time has passed. */
async function answeredAfter(
  ms: number,
  world: EngineWorld,
  more: Partial<Runtime> = {},
  inputs: readonly Input[] = [input],
  options: HandleOptions = {},
): Promise<readonly Handled[] | 'nothing'> {
  const answer = give({ ...world, runtime: { ...world.runtime, ...more } }, inputs, options);
  await turn();
  await world.clock.advance(ms);
  await turn();
  return Promise.race([answer, turn().then(() => 'nothing' as const)]);
}

const late = [{ verdict: 'retry', code: 'timeout' }];

describe('a store that never answers', () => {
  const hanging = (operation: StoreCall['operation'], nth?: number | readonly number[]) =>
    engineWorld(app, ({ store }) => ({
      store: faultyStore(store, hangs(operation, nth), never),
    }));

  it('to a load is waited for until half a second after the deadline', async () => {
    expect(await answeredAfter(10_499, hanging('load'), { deadline: 10_000 })).toBe('nothing');
    expect(await answeredAfter(10_500, hanging('load'), { deadline: 10_000 })).toMatchObject(late);
  });

  it('to a load is waited for half a minute, without a deadline', async () => {
    expect(await answeredAfter(29_999, hanging('load'))).toBe('nothing');
    expect(await answeredAfter(30_000, hanging('load'))).toMatchObject(late);
  });

  it('is waited for as long as the runtime says', async () => {
    const soon = { portTimeoutMs: 2000 };
    expect(await answeredAfter(1999, hanging('load'), soon)).toBe('nothing');
    expect(await answeredAfter(2000, hanging('load'), soon)).toMatchObject(late);
  });

  it('to a save is asked again, and what it did save is recognised', async () => {
    const world = engineWorld(app, ({ store }) => ({
      store: {
        ...store,
        save: async (writes) => {
          const results = await store.save(writes);
          return store.entries().size > 1 || world.applied.length > 0 ? results : hung();
        },
      },
    }));
    const answer = await answeredAfter(30_000, world);
    expect(answer).toMatchObject([{ verdict: 'done' }]);
    expect(idsIn(world.publisher)).toHaveLength(2);
  });

  it('to any save is given up after the second, and nothing is published', async () => {
    const savesNothing = () => hanging('save', [1, 2, 3]);
    expect(await answeredAfter(59_999, savesNothing())).toBe('nothing');
    const world = savesNothing();
    expect(await answeredAfter(61_000, world)).toMatchObject(late);
    expect(idsIn(world.publisher)).toEqual([]);
  });

  it('is not asked to save any more when the time is over', async () => {
    const world = engineWorld(app, ({ store, clock }) => ({
      store: faultyStore(store, onNth('load', 1, { slowMs: 10_600 }), { clock }),
    }));
    expect(
      await give({ ...world, runtime: { ...world.runtime, deadline: 10_000 } }, [input]),
    ).toMatchObject([{ verdict: 'retry' }]);
    expect(world.store.entries().size).toBe(0);
  });

  it('does not keep a sweep for ever', async () => {
    const { runtime, clock } = hanging('due');
    const swept = sweep(app, runtime);
    await turn();
    await clock.advance(30_000);
    expect(await swept).toEqual({ records: 0, failed: 0, more: true });
  });
});

describe('a publisher that never answers', () => {
  const hanging = (more: Partial<Runtime> = {}) =>
    engineWorld(app, ({ publisher }) => ({
      publisher: faultyPublisher(publisher, onNth('publish', 1, hang), never),
      ...more,
    }));

  it('has its event published later by a sweep, which the input need not wait for', async () => {
    const world = hanging();
    expect(await answeredAfter(10_500, world, { deadline: 10_000 })).toMatchObject([
      { verdict: 'done' },
    ]);
    expect(idsIn(world.publisher)).toEqual([]);
    await sweepFor(world, 60_000);
    expect(world.publisher.published.map(({ event }) => event.type)).toEqual(['passed', 'told']);
  });

  it('has the input delivered again, if nobody sweeps', async () => {
    const world = hanging({ sweep: false });
    expect(await answeredAfter(10_500, world, { deadline: 10_000 })).toMatchObject([
      { verdict: 'retry', code: 'publisher-unavailable' },
    ]);
    await world.clock.advance(60_000);
    expect(await give(world, [input])).toMatchObject([{ verdict: 'done', duplicate: true }]);
    expect(idsIn(world.publisher)).toHaveLength(2);
  });

  it('of dead letters has what is rejected delivered again', async () => {
    const world = engineWorld(app, ({ letters }) => ({
      deadLetters: faultyPublisher(letters, onNth('publish', 1, hang), never),
    }));
    const bad = inputOf(asked('s', { after: 7 as never }), '1');
    expect(await answeredAfter(10_500, world, { deadline: 10_000 }, [bad])).toMatchObject([
      { verdict: 'retry', code: 'publisher-unavailable' },
    ]);
  });

  it('takes nothing from the inputs that are done already', async () => {
    const world = engineWorld(app, ({ store }) => ({
      store: faultyStore(store, hangs('load', 2), never),
      cascade: 'bus',
    }));
    const bad = inputOf(asked('s', { after: 7 as never }), '2');
    expect(await answeredAfter(10_500, world, { deadline: 10_000 }, [input, bad])).toMatchObject([
      { verdict: 'done' },
      { verdict: 'rejected' },
    ]);
  });
});

describe('a call', () => {
  const classify = defineCall({
    type: 'classify',
    request: z.object({}),
    result: z.object({}),
    timeoutMs: 20_000,
    attempts: 1,
  });
  const camera = defineHandler({ name: 'camera', state: z.string(), initial: '' })
    .on(asked, ({ event }) => ({ emit: classify(event.subject, {}) }))
    .on(classify.done, () => ({ state: 'known' }))
    .on(classify.failed, ({ event }) => ({ state: event.data.code }));
  const seen = defineApp({ source: 'urn:seen', parts: [camera, classify] });
  const stateIn = async ({ runtime }: EngineWorld) => (await read(runtime, camera.ref('s'))).state;

  it('that the deadline cuts short has been tried', async () => {
    let times = 0;
    const calls = {
      classify: () => {
        times += 1;
        return hung();
      },
    };
    const world = engineWorld(seen, () => ({ calls }));
    expect(await answeredAfter(10_500, world, { deadline: 10_000 })).toMatchObject([
      { verdict: 'done' },
    ]);
    await sweepFor(world, 20_000);
    expect([times, await stateIn(world)]).toEqual([1, 'timeout']);
  });

  it('for which there is no time any more has not been tried, and is left to a sweep', async () => {
    const keys: string[] = [];
    const calls: Runtime['calls'] = {
      classify: async (_, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        return {};
      },
    };
    const world = engineWorld(seen, ({ store, clock }) => ({
      calls,
      store: faultyStore(store, onNth('load', 1, { slowMs: 9_600 }), { clock }),
    }));
    const runtime = { ...world.runtime, deadline: 10_000 };
    expect(await give({ ...world, runtime }, [input])).toMatchObject([{ verdict: 'done' }]);
    expect(keys).toEqual([]);
    await sweepFor(world, 60_000);
    expect([keys.length, await stateIn(world)]).toEqual([1, 'known']);
  });
});

function hung(): Promise<never> {
  return new Promise(() => undefined);
}
