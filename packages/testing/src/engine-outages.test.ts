import { defineApp, defineEvent, defineHandler, events, read, route } from '@hearth/core';
import type { Runtime } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  asked,
  engineWorld,
  first,
  give,
  idsIn,
  inputOf,
  passed,
  second,
  sweepFor,
  told,
} from './engine-world.ts';
import { faultyPublisher, faultyStore } from './faults.ts';
import { during, onNth } from './plans.ts';

const app = defineApp({ source: 'urn:chain', parts: [first, second, events(told)] });
const hour = 3_600_000;
const ask = (id: string) => inputOf(asked('s', { after: [] }), id);

describe('a store that does not take a record', () => {
  it('has nothing published of it when it is full', async () => {
    const world = engineWorld(app, ({ store }) => ({
      store: faultyStore(store, onNth('save', 1, 'full')),
    }));
    expect(await give(world, [ask('1')])).toMatchObject([
      { verdict: 'retry', code: 'store-unavailable' },
    ]);
    expect(idsIn(world.publisher)).toEqual([]);
    expect(world.store.entries().size).toBe(0);
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'done' }]);
    expect(world.publisher.published.map(({ event }) => event.type)).toEqual(['passed', 'told']);
  });

  it('has nothing published of it when others are always faster', async () => {
    const world = engineWorld(app, ({ store }) => ({
      store: faultyStore(store, ({ key }) => (key === 'A/s' ? 'conflict' : undefined)),
    }));
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'retry', code: 'conflict' }]);
    expect(idsIn(world.publisher)).toEqual([]);
  });

  it('has nothing published of it when its answers are lost for good', async () => {
    const world = engineWorld(app, ({ store }) => ({
      store: faultyStore(store, ({ key }) => (key === 'A/s' ? 'write-lost' : undefined)),
    }));
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'retry' }]);
    expect(idsIn(world.publisher)).toEqual([]);
  });

  it('lets everything be delivered again when it is down', async () => {
    const world = engineWorld(app, ({ store, clock }) => ({
      store: faultyStore(store, during(clock, 0, 1000, 'down')),
    }));
    expect(await give(world, [ask('1')])).toMatchObject([
      { verdict: 'retry', code: 'store-unavailable' },
    ]);
    await world.clock.advance(1000);
    expect(await give(world, [ask('1')])).toMatchObject([{ verdict: 'done' }]);
  });

  it('keeps a timer that does not come through', async () => {
    const due = defineEvent('due', z.null());
    const waiter = defineHandler({ name: 'waiter', state: z.number(), initial: 0 })
      .on(asked, ({ state, event, now }) => ({
        state,
        timers: [{ key: 'k', at: now + 1000, event: due(event.subject, null) }],
      }))
      .on(due, ({ state, event }) => ({
        state: state + 1,
        emit: told(event.subject, { after: [] }),
      }));
    const waiting = defineApp({ source: 'urn:wait', parts: [waiter, events(told)] });
    const world = engineWorld(waiting, ({ store }) => ({
      store: faultyStore(store, onNth('save', [2, 3], 'full')),
    }));
    await give(world, [ask('1')]);
    await sweepFor(world, 2000, 1000);
    expect(idsIn(world.publisher)).toEqual([]);
    await sweepFor(world, 2000, 1000);
    expect(idsIn(world.publisher)).toHaveLength(1);
    expect((await read(world.runtime, waiter.ref('s'))).state).toBe(1);
  });
});

describe('an input that fails in an ordered batch', () => {
  it('is run again after a conflict, and does not hold itself back', async () => {
    const fragile = defineHandler({ name: 'fragile', state: z.number(), initial: 0 }).on(
      asked,
      ({ state, event }) => {
        if (event.id === 'bad') throw new Error('bad');
        return { state: state + 1 };
      },
    );
    const world = engineWorld(
      defineApp({ source: 'urn:fragile', parts: [fragile] }),
      ({ store }) => ({
        store: faultyStore(store, onNth('save', 1, 'conflict')),
      }),
    );
    const batch = [ask('1'), { ...ask('bad'), lastAttempt: true }, ask('2')];
    const handled = await give(world, batch, { order: 'key' });
    expect(handled).toMatchObject([
      { verdict: 'done' },
      { verdict: 'rejected', code: 'step-failed' },
      { verdict: 'retry', code: 'conflict' },
    ]);
    expect((await read(world.runtime, fragile.ref('s'))).state).toBe(1);
  });
});

/** An input every minute while the publisher is down for an hour, and what arrives in the two hours after it. */
async function outage(change: Partial<Runtime>) {
  const world = engineWorld(app, ({ publisher, clock }) => ({
    publisher: faultyPublisher(publisher, during(clock, 0, hour, 'down')),
    ...change,
  }));
  const left = [];
  const asks = Array.from({ length: 60 }, (_, at) => ask(String(at)));
  for (const input of asks) {
    const [handled] = await give(world, [input]);
    if (handled?.verdict === 'retry') left.push(input);
    if (change.sweep === false) await world.clock.advance(60_000);
    else await sweepFor(world, 60_000);
  }
  return { world, left };
}

const oneAfterTheOther = Array.from({ length: 60 }, (_, at) => at);

describe('a publisher that is down for an hour', () => {
  it('gets everything afterwards, in order and once, from the sweep', async () => {
    const { world, left } = await outage({});
    expect(left).toEqual([]);
    await sweepFor(world, 2 * hour);
    expect(idsIn(world.letters)).toEqual([]);
    const lengths = (type: string) =>
      idsIn(world.publisher, type).map((id) => {
        const { data } =
          world.publisher.published.find(({ event }) => event.id === id)?.event ?? {};
        return (data as { after: readonly string[] }).after.length;
      });
    expect(lengths('passed')).toEqual(oneAfterTheOther);
    expect(lengths('told')).toEqual(oneAfterTheOther);
    expect((await read(world.runtime, first.ref('s'))).outputs).toEqual([]);
  });

  it('gets everything afterwards, in order and once, from what is delivered again', async () => {
    const { world, left } = await outage({ sweep: false });
    expect(left).toHaveLength(60);
    const handled = await give(world, left);
    expect(new Set(handled.map(({ verdict }) => verdict))).toEqual(new Set(['done']));
    expect(idsIn(world.letters)).toEqual([]);
    expect(idsIn(world.publisher, 'passed')).toHaveLength(60);
    expect(idsIn(world.publisher, 'told')).toHaveLength(60);
  });

  it('is left alone until its time, however many inputs come', async () => {
    let calls = 0;
    const world = engineWorld(app, ({ publisher }) => ({
      publisher: faultyPublisher(publisher, () => {
        calls += 1;
        return 'down';
      }),
    }));
    for (let nth = 0; nth < 20; nth += 1) {
      await give(world, [ask(String(nth))]);
      await world.clock.advance(10);
    }
    // Once for each of the two records.
    expect(calls).toBe(2);
  });

  it.each([true, false])(
    'does not keep another destination waiting (in order: %s)',
    async (ordered) => {
      const world = engineWorld(app, ({ publisher: { publish } }) => ({
        publisher: route({
          passed: { ordered, publish },
          default: faultyPublisher({ ordered, publish }, () => 'failed'),
        }),
      }));
      const both = defineHandler({ name: 'both', state: z.null(), initial: null }).on(
        asked,
        ({ event }) => ({
          emit: [told(event.subject, { after: [] }), passed(event.subject, { after: [] })],
        }),
      );
      const split = {
        ...world,
        app: defineApp({ source: 'urn:both', parts: [both, events(told, passed)] }),
      };
      for (const id of ['1', '2', '3']) {
        await give(split, [ask(id)]);
        await world.clock.advance(10);
      }
      expect(idsIn(world.publisher, 'passed')).toHaveLength(3);
      expect(idsIn(world.publisher, 'told')).toHaveLength(0);
    },
  );

  it('does not keep the handlers of the app waiting', async () => {
    const world = engineWorld(app, ({ publisher }) => ({
      publisher: faultyPublisher(publisher, () => 'down'),
    }));
    for (const id of ['1', '2', '3']) {
      await give(world, [ask(id)]);
      await world.clock.advance(10);
    }
    expect((await read(world.runtime, second.ref('s'))).state).toHaveLength(3);
  });
});

describe('a port that does not answer as it should', () => {
  it.each([
    ['nothing', undefined],
    ['too little', []],
    ['nonsense', ['saved']],
    ['a failure without an error', [{ outcome: 'failed' }]],
  ])(
    'saves nothing that is then taken for saved, if a store answers with %s',
    async (_, answer) => {
      const world = engineWorld(app, ({ store }) => ({
        store: { ...store, save: async () => answer as never },
      }));
      expect(await give(world, [ask('1')])).toMatchObject([
        { verdict: 'retry', code: 'store-unavailable' },
      ]);
      expect(idsIn(world.publisher)).toEqual([]);
    },
  );

  it.each([
    ['nothing', undefined],
    ['too little', []],
  ])('is asked again, if a store loads %s', async (_, answer) => {
    const world = engineWorld(app, ({ store }) => ({
      store: { ...store, load: async () => answer as never },
    }));
    expect(await give(world, [ask('1')])).toMatchObject([
      { verdict: 'retry', code: 'store-unavailable' },
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['too little', []],
    ['nonsense', ['published']],
    ['a failure without an error', [{ outcome: 'failed' }]],
    ['a foreign error', [{ outcome: 'failed', error: new Error('oops') }]],
  ])('is given everything again, if a publisher answers with %s', async (_, answer) => {
    const publish = async () => answer as never;
    const world = engineWorld(app, () => ({ publisher: { publish }, deadLetters: { publish } }));
    const refused = inputOf(asked('s', { after: 'no' as never }), '2');
    expect(await give(world, [ask('1'), refused])).toMatchObject([
      { verdict: 'done' },
      { verdict: 'retry', code: 'publisher-unavailable' },
    ]);
    expect((await read(world.runtime, first.ref('s'))).outputs).toMatchObject([{ tries: 1 }]);
  });

  it.each([Number.NaN, Infinity, '0.5', -1])(
    'keeps a record that can be read, if random is %s',
    async (odd) => {
      const world = engineWorld(app, () => ({
        random: () => odd as never,
        publisher: { publish: async () => [] },
      }));
      await give(world, [ask('1')]);
      const { outputs } = await read(world.runtime, first.ref('s'));
      expect(outputs).toMatchObject([{ tries: 1, nextAt: 1000 }]);
    },
  );
});
