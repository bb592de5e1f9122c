import {
  by,
  defineApp,
  defineEvent,
  defineHandler,
  events,
  read,
  type Outcome,
} from '@hearth/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { engineWorld, give, idsIn, inputOf } from './engine-world.ts';

const poked = defineEvent('poked', z.object({ how: z.string() }));
const grown = defineEvent('grown', z.object({ size: z.number() }));
const anything = defineEvent('anything', z.unknown());
const unknown = defineEvent('unknown', z.null());
const poke = (id: string, how: string) => inputOf(poked('s', { how }), id);

const circle: { self?: unknown } = {};
circle.self = circle;

// What a step may do wrong, by the name that the input gives it.
const wrongs: Readonly<Record<string, (now: number) => unknown>> = {
  throws: () => {
    throw new TypeError('oops');
  },
  waits: () => Promise.reject(new Error('late')),
  'gives nothing': () => undefined,
  'emits what nobody knows': () => ({ emit: unknown('s', null) }),
  'emits what does not fit': () => ({ emit: grown('s', { size: 'big' as never }) }),
  'emits one key twice': () => ({
    emit: [grown('s', { size: 1 }, { key: 'k' }), grown('s', { size: 2 }, { key: 'k' })],
  }),
  'emits what is no JSON': () => ({ state: { pokes: 9, extra: 9 }, emit: anything('s', circle) }),
  'emits about nothing': () => ({ emit: grown('', { size: 1 }) }),
  'sets a timer': (now) => ({
    state: { pokes: 1, extra: null },
    timers: [{ key: 'k', at: now + 1, event: poked('s', { how: '' }) }],
  }),
  'sets a timer for never': () => ({
    timers: [{ key: 'k', at: Number.NaN, event: poked('s', { how: '' }) }],
  }),
  'sets a timer that it does not handle': (now) => ({
    timers: [{ key: 'k', at: now, event: grown('s', { size: 1 }) }],
  }),
  'makes a state that does not fit': () => ({ state: { pokes: 'many', extra: null } }),
  'makes a state that is no JSON': () => ({ state: { pokes: 1, extra: circle } }),
  'makes a state with a bigint': () => ({ state: { pokes: 1, extra: 1n } }),
  'replies with what is no JSON': () => ({ reply: circle }),
  'rejects with what is no JSON': () => ({ reject: { code: 'no', data: 1n } }),
};

const fragile = defineHandler({
  name: 'fragile',
  state: z.object({ pokes: z.number(), extra: z.unknown() }),
  initial: { pokes: 0, extra: null },
}).on(poked, ({ state, event, now }) => {
  const wrong = wrongs[event.data.how];
  const fine = {
    state: { ...state, pokes: state.pokes + 1 },
    emit: grown('s', { size: state.pokes }),
  };
  return (wrong === undefined ? fine : wrong(now)) as Outcome<typeof state>;
});
const app = defineApp({ source: 'urn:fragile', parts: [fragile, events(grown, anything)] });

describe('a step that does wrong', () => {
  it.each(Object.keys(wrongs).filter((how) => how !== 'sets a timer'))(
    'hurts nobody but its own input when it %s',
    async (how) => {
      const world = engineWorld(app);
      const handled = await give(world, [poke('1', 'well'), poke('2', how), poke('3', 'well')]);
      expect(handled).toMatchObject([
        { verdict: 'done' },
        { verdict: 'retry' },
        { verdict: 'done' },
      ]);
      expect((await read(world.runtime, fragile.ref('s'))).state).toEqual({
        pokes: 2,
        extra: null,
      });
      expect(idsIn(world.publisher)).toHaveLength(2);
      const [again] = await give(world, [{ ...poke('2', how), lastAttempt: true }]);
      expect(again?.verdict).toBe('rejected');
      expect(world.letters.published.map(({ event }) => event.data)).toMatchObject([
        { code: handled[1]?.code, event: { id: '2' } },
      ]);
      expect((await read(world.runtime, fragile.ref('s'))).remembered).toBe(2);
    },
  );

  it('is tried three times in process where the host does not count, and then has its dead letter', async () => {
    let runs = 0;
    const counting = defineHandler({ name: 'counting', state: z.null(), initial: null }).on(
      poked,
      () => {
        runs += 1;
        throw new Error('oops');
      },
    );
    const world = engineWorld(defineApp({ source: 'urn:counting', parts: [counting] }));
    const { attempt: _, ...blind } = poke('1', 'well');
    expect(await give(world, [blind])).toMatchObject([
      { verdict: 'rejected', code: 'step-failed' },
    ]);
    expect(runs).toBe(3);
    expect(idsIn(world.letters)).toHaveLength(1);
  });

  it('says nothing of the data in the log', async () => {
    const world = engineWorld(app);
    await give(world, [poke('1', 'throws')]);
    expect(world.logs.join()).toContain('TypeError');
    expect(world.logs.join()).not.toContain('oops');
  });
});

describe('a cascade without end', () => {
  const up = defineHandler({ name: 'up', state: z.number(), initial: 0 })
    .on(poked, ({ event }) => ({ emit: grown(event.subject, { size: 0 }) }))
    .on(grown, ({ state, event }) => ({
      state: state + 1,
      emit: grown(event.subject, { size: event.data.size + 1 }),
    }));
  const endless = defineApp({ source: 'urn:endless', parts: [up] });

  it('ends after sixteen events, and the dead letter names the one too many', async () => {
    const world = engineWorld(endless);
    expect(await give(world, [poke('1', '')])).toMatchObject([{ verdict: 'done' }]);
    expect(idsIn(world.publisher)).toHaveLength(16);
    expect(world.letters.published.map(({ event }) => event.data)).toMatchObject([
      { code: 'depth-exceeded' },
    ]);
    expect(await read(world.runtime, up.ref('s'))).toMatchObject({ state: 15, outputs: [] });
  });
});

describe('what is not a step', () => {
  const world = (options: object) => {
    const handler = defineHandler({
      name: 'odd',
      state: z.number(),
      initial: 0,
      ...options,
    }).on(poked, ({ state }) => ({ state: state + 1 }));
    return engineWorld(
      defineApp({ source: 'urn:odd', parts: [handler, fragile, events(grown, anything)] }),
    );
  };
  const fail = () => {
    throw new Error('oops');
  };

  it.each([
    ['its tags', { tags: fail }],
    ['its subject', { subject: fail }],
    ['its reads', { reads: { other: by(fragile, fail) } }],
    ['the view of what it reads', { reads: { other: by({ ...fragile, view: fail }) } }],
  ])('lets an input be tried again when %s throw', async (_, options) => {
    expect(await give(world(options), [poke('1', 'well')])).toMatchObject([
      { verdict: 'retry', code: 'step-failed' },
    ]);
  });

  it.each([
    ['speaksFor', { speaksFor: fail }],
    ['count', { count: fail }],
    ['wake', { wake: fail }],
    ['observe', { observe: fail }],
    ['random', { random: fail }],
    ['logger', { logger: { debug: fail, info: fail, warn: fail, error: fail, fatal: fail } }],
    ['tracing', { tracing: { start: fail } }],
    ['a span', { tracing: { start: () => ({ traceparent: fail, set: fail, fail, end: fail }) } }],
  ])('does not lose an input when %s throws', async (name, more) => {
    const { app: odd, runtime, ...rest } = world({});
    const given = { ...rest, app: odd, runtime: { ...runtime, ...more } };
    const [handled] = await give(given, [poke('1', 'throws')]);
    expect(handled?.verdict).toBe('retry');
    const [fine] = await give(given, [poke('2', 'sets a timer')]);
    expect(fine?.verdict).toBe(name === 'speaksFor' ? 'retry' : 'done');
  });
});
