import {
  ask,
  defineApp,
  defineCall,
  defineEvent,
  defineHandler,
  events,
  read,
  sweep,
} from '@hearth/core';
import type { Runtime } from '@hearth/core';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { simulatedClock } from './clock.ts';
import { atEveryStep } from './crash.ts';
import { engineWorld, give, idsIn, inputOf, sweepFor } from './engine-world.ts';
import { faultyStore } from './faults.ts';

const pressed = defineEvent('pressed', z.object({ photo: z.string() }));
const rung = defineEvent('rung', z.object({ who: z.string() }));
const classify = defineCall({
  type: 'classify',
  request: z.object({ photo: z.string() }),
  result: z.object({ label: z.string() }),
  timeoutMs: 1000,
  attempts: 3,
});
const bell = defineHandler({ name: 'bell', state: z.array(z.string()), initial: [] })
  .on(pressed, ({ event }) => ({ emit: classify(event.subject, event.data) }))
  .on(classify.done, ({ state, event }) => {
    const who = event.data.result.label;
    return { state: [...state, who], emit: rung(event.subject, { who }), reply: who };
  })
  .on(classify.failed, ({ state, event }) => ({ state: [...state, event.data.code] }));
const app = defineApp({ source: 'urn:door', parts: [bell, classify, events(rung)] });
const press = inputOf(pressed('b1', { photo: 'cat.jpg' }), '1');

/** A function that counts how often it was called, and answers each time something else. */
function classifier(answer: (nth: number) => unknown) {
  const keys: string[] = [];
  const calls: Runtime['calls'] = {
    classify: async (_, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return answer(keys.length);
    },
  };
  return { keys, calls };
}

const label = (nth: number) => ({ label: `cat ${nth}` });

describe('a call', () => {
  it.each(['inline', 'bus'] as const)(
    'is answered once, whenever the process dies, with results that differ (%s)',
    async (cascade) => {
      const steps = await atEveryStep(async (crash) => {
        const { keys, calls } = classifier(label);
        const world = engineWorld(app, () => ({ calls, cascade }));
        await give({ ...world, runtime: crash.runtime(world.runtime) }, [press]);
        await give(world, [press]);
        await sweepFor(world, 60_000);
        for (let at = 0; at < world.publisher.published.length; at += 1) {
          const { body = '' } = world.publisher.published[at] ?? {};
          const event = JSON.parse(body) as typeof press.event;
          const principal = { kind: 'app', id: app.source } as const;
          if (cascade === 'bus') await give(world, [{ event, principal, attempt: 1 }]);
        }
        const { state, outputs } = await read(world.runtime, bell.ref('b1'));
        expect(outputs).toEqual([]);
        expect(state).toHaveLength(1);
        expect(idsIn(world.publisher, 'rung')).toHaveLength(1);
        expect(world.letters.published).toEqual([]);
        expect(new Set(keys).size).toBe(1);
        const done = world.publisher.published.filter(
          ({ event: { type } }) => type === 'classify.done',
        );
        expect(new Set(done.map(({ body }) => body)).size).toBe(1);
      });
      expect(steps).toBeGreaterThan(5);
    },
  );

  it('is performed again by the next process if its result could not be kept, and nobody saw the first one', async () => {
    const { keys, calls } = classifier(label);
    let saves = 0;
    const world = engineWorld(app, ({ store }) => ({
      calls,
      store: faultyStore(store, ({ operation }) => {
        if (operation === 'save') saves += 1;
        return operation === 'save' && saves >= 2 && saves <= 4 ? 'write-lost' : undefined;
      }),
    }));
    await give(world, [press]);
    expect(idsIn(world.publisher)).toEqual([]);
    // A process is known by its store object.
    const store = { ...world.runtime.store };
    await sweepFor({ ...world, runtime: { ...world.runtime, store } }, 60_000);
    expect(keys.length).toBeGreaterThan(1);
    expect((await read(world.runtime, bell.ref('b1'))).state).toEqual([`cat ${keys.length}`]);
  });

  it('is tried as often as it may, and then has failed', async () => {
    const { keys, calls } = classifier(() => Promise.reject(new Error('down')));
    const world = engineWorld(app, () => ({ calls }));
    await give(world, [press]);
    await sweepFor(world, 60_000, 1000);
    expect(keys).toHaveLength(3);
    expect((await read(world.runtime, bell.ref('b1'))).state).toEqual(['call-failed']);
  });

  it('has failed when its result does not fit', async () => {
    const { calls } = classifier(() => ({ tag: 'cat' }));
    const world = engineWorld(app, () => ({ calls }));
    await give(world, [press]);
    await sweepFor(world, 60_000, 1000);
    expect((await read(world.runtime, bell.ref('b1'))).state).toEqual(['invalid-data']);
  });

  it.each([
    ['is no JSON', () => 1n],
    ['goes in a circle', () => app],
    ['makes its schema throw', () => 'boo'],
  ])('has failed when its result %s, and keeps nobody waiting', async (_, answer) => {
    const whatever = defineCall({
      type: 'whatever',
      request: z.null(),
      timeoutMs: 1000,
      attempts: 3,
      result: z.unknown().refine((result) => {
        if (result === 'boo') throw new Error('boo');
        return true;
      }),
    });
    const asker = defineHandler({ name: 'asker', state: z.array(z.string()), initial: [] })
      .on(pressed, ({ event }) => ({
        emit: [whatever(event.subject, null), rung('b1', { who: '' })],
      }))
      .on(whatever.failed, ({ state, event }) => ({ state: [...state, event.data.code] }));
    const odd = defineApp({ source: 'urn:odd', parts: [asker, whatever, events(rung)] });
    const calls = { whatever: async () => answer() };
    const world = engineWorld(odd, () => ({ calls }));
    await give(world, [press]);
    expect(idsIn(world.publisher, 'rung')).toHaveLength(1);
    await sweepFor(world, 60_000, 1000);
    expect((await read(world.runtime, asker.ref('b1'))).state).toEqual(['invalid-data']);
  });

  it('has failed when there is no room for its result, and is not performed again', async () => {
    const { keys, calls } = classifier(() => ({ label: 'x'.repeat(400_000) }));
    const world = engineWorld(app, () => ({ calls }));
    await give(world, [press]);
    await sweepFor(world, 60_000);
    expect(keys).toHaveLength(1);
    expect((await read(world.runtime, bell.ref('b1'))).state).toEqual(['record-too-large']);
  });

  it('has a time limit, after which its signal says so', async () => {
    const signals: { readonly aborted: boolean }[] = [];
    const calls: Runtime['calls'] = {
      classify: (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    };
    const world = engineWorld(app, () => ({ calls }));
    const timeOut = async (work: Promise<unknown>) => {
      while (world.clock.waiting === 0) await Promise.resolve();
      await world.clock.advance(1000);
      await work;
      await world.clock.advance(10_000);
    };
    await timeOut(give(world, [press]));
    await timeOut(sweep(app, world.runtime));
    await timeOut(sweep(app, world.runtime));
    expect((await read(world.runtime, bell.ref('b1'))).state).toEqual(['timeout']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  it('does not keep what is published waiting while it fails', async () => {
    const { calls } = classifier(() => Promise.reject(new Error('down')));
    const both = defineHandler({ name: 'both', state: z.null(), initial: null }).on(
      pressed,
      ({ event }) => ({
        emit: [classify(event.subject, event.data), rung(event.subject, { who: '?' })],
      }),
    );
    const world = engineWorld(
      defineApp({ source: 'urn:both', parts: [both, classify, events(rung)] }),
      () => ({ calls }),
    );
    await give(world, [press]);
    await give(world, [inputOf(pressed('b1', { photo: 'dog.jpg' }), '2')]);
    expect(idsIn(world.publisher, 'rung')).toHaveLength(2);
  });
});

describe('a call that nobody here can perform', () => {
  it('is published once, and left alone when the bus brings it back', async () => {
    const world = engineWorld(app, () => ({ cascade: 'bus' }));
    await give(world, [press]);
    const principal = { kind: 'app', id: app.source } as const;
    for (let at = 0; at < world.publisher.published.length; at += 1) {
      const event = world.publisher.published[at]?.event ?? press.event;
      await give(world, [{ event, principal, attempt: 1 }]);
    }
    expect(idsIn(world.publisher, 'classify')).toHaveLength(1);
    expect(world.letters.published).toEqual([]);
  });

  it('is performed by a runtime that has the function, once for all its doubles', async () => {
    const asks = engineWorld(app, () => ({ cascade: 'bus' }));
    const { keys, calls } = classifier(label);
    const performs = engineWorld(app, () => ({ cascade: 'bus', calls }));
    await give(asks, [press]);
    const event = asks.publisher.published[0]?.event ?? press.event;
    const principal = { kind: 'app', id: app.source } as const;
    const input = { event, principal, attempt: 1 };
    await give(performs, [input]);
    await give(performs, [input, input]);
    expect(keys).toHaveLength(1);
    expect(idsIn(performs.publisher, 'classify.done')).toHaveLength(1);
  });
});

describe('a question', () => {
  // A clock that stands still: the answer comes first.
  const still = () => ({ clock: simulatedClock(0) });

  it('is answered by what its call led to', async () => {
    const { calls } = classifier(label);
    const world = engineWorld(app, () => ({ calls, ...still() }));
    expect(await ask(app, press, world.runtime, { withinMs: 1000 })).toEqual({
      outcome: 'answered',
      reply: 'cat 1',
    });
  });

  it('is deferred when the answer does not come in time, and handled all the same', async () => {
    const clock = simulatedClock(0);
    const world = engineWorld(app, () => ({ clock }));
    const asked = ask(app, press, world.runtime, { withinMs: 1000 });
    await clock.advance(1000);
    expect(await asked).toEqual({ outcome: 'deferred' });
    expect(idsIn(world.publisher, 'classify')).toHaveLength(1);
  });

  it('that is asked twice is answered twice, and one that no longer waits takes no answer with it', async () => {
    const clock = simulatedClock(0);
    const { calls } = classifier(label);
    const world = engineWorld(app, () => ({ clock, cascade: 'bus', calls }));
    const first = ask(app, press, world.runtime, { withinMs: 2000 });
    const hasty = ask(app, press, world.runtime, { withinMs: 1000 });
    await clock.advance(1000);
    expect(await hasty).toEqual({ outcome: 'deferred' });
    const [{ event } = press] = world.publisher.published.filter(
      ({ event: { type } }) => type === 'classify.done',
    );
    await give(world, [{ event, principal: { kind: 'app', id: app.source } }]);
    expect(await first).toEqual({ outcome: 'answered', reply: 'cat 1' });
  });

  it('is deferred, and handled, where the clock cannot wait', async () => {
    const sleep = () => {
      throw new Error('no timers here');
    };
    const world = engineWorld(app, ({ clock }) => ({ clock: { ...clock, sleep } }));
    expect(await ask(app, press, world.runtime, { withinMs: 1000 })).toEqual({
      outcome: 'deferred',
    });
  });

  it('is rejected with the code of the step', async () => {
    const locked = defineHandler({ name: 'locked', state: z.null(), initial: null }).on(
      pressed,
      () => ({ reject: { code: 'locked', data: { until: 5 } } }),
    );
    const world = engineWorld(defineApp({ source: 'urn:locked', parts: [locked] }), still);
    expect(await ask(world.app, press, world.runtime, { withinMs: 1000 })).toEqual({
      outcome: 'rejected',
      code: 'locked',
      data: { until: 5 },
    });
  });
});

it('performs a call once that two inputs of one record find at the same moment', async () => {
  const keys: string[] = [];
  let answer: (value: unknown) => void = () => undefined;
  const calls: Runtime['calls'] = {
    classify: (_, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  const world = engineWorld(app, () => ({ calls }));
  const first = give(world, [press]);
  const second = give(world, [press]);
  await vi.waitUntil(() => keys.length > 0);
  answer(label(1));
  await Promise.all([first, second]);
  expect(keys).toHaveLength(1);
  expect((await read(world.runtime, bell.ref('b1'))).state).toEqual(['cat 1']);
});
