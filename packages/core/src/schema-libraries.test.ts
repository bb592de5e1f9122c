import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import * as mini from 'zod/mini';
import {
  defineApp,
  defineCall,
  defineDevice,
  defineEvent,
  defineHandler,
  defineHome,
  defineRule,
  each,
  lives,
  type Schema,
  type Wishes,
} from './index.ts';
import { simulation } from './simulate/index.ts';

interface Schemas {
  readonly state: Schema<{ localTemperature: number | null; occupiedHeatingSetpoint: number }>;
  readonly writable: Schema<{ occupiedHeatingSetpoint: number }>;
  readonly temperature: Schema<{ celsius: number }>;
  readonly home: Schema<{ occupants: number }>;
}

const libraries: Readonly<Record<string, Schemas>> = {
  zod: {
    state: z.object({
      localTemperature: z.number().nullable(),
      occupiedHeatingSetpoint: z.number(),
    }),
    writable: z.object({ occupiedHeatingSetpoint: z.number().min(5).max(35) }),
    temperature: z.object({ celsius: z.number().min(-40).max(85) }),
    home: z.object({ occupants: z.number() }),
  },
  'zod/mini': {
    state: mini.object({
      localTemperature: mini.nullable(mini.number()),
      occupiedHeatingSetpoint: mini.number(),
    }),
    writable: mini.object({
      occupiedHeatingSetpoint: mini.number().check(mini.minimum(5), mini.maximum(35)),
    }),
    temperature: mini.object({
      celsius: mini.number().check(mini.minimum(-40), mini.maximum(85)),
    }),
    home: mini.object({ occupants: mini.number() }),
  },
  valibot: {
    state: v.object({
      localTemperature: v.nullable(v.number()),
      occupiedHeatingSetpoint: v.number(),
    }),
    writable: v.object({
      occupiedHeatingSetpoint: v.pipe(v.number(), v.minValue(5), v.maxValue(35)),
    }),
    temperature: v.object({ celsius: v.pipe(v.number(), v.minValue(-40), v.maxValue(85)) }),
    home: v.object({ occupants: v.number() }),
  },
};

/** The first screen of the README, with the schemas of some library. */
function firstScreen(schemas: Schemas) {
  const thermostat = defineDevice({
    type: 'com.acme.thermostat',
    state: schemas.state,
    initial: { localTemperature: null, occupiedHeatingSetpoint: 20 },
    writable: schemas.writable,
    reports: {
      temperature: {
        data: schemas.temperature,
        apply: ({ celsius }, set) => set({ localTemperature: celsius }),
      },
    },
  });
  const home = defineHome({
    type: 'com.acme.home',
    state: schemas.home,
    initial: { occupants: 0 },
  });
  const coldAndEmpty = defineRule({
    name: 'cold-and-empty',
    per: home,
    watch: { home, thermostats: each(thermostat) },
    when: {
      nobodyHome: ({ home: { occupants } }) => occupants === 0,
      cold: ({ thermostats }) =>
        thermostats.some(
          ({ state }) => state.localTemperature !== null && state.localTemperature < 15.5,
        ),
    },
    emit: ({ thermostats }) =>
      thermostats.map((t) => thermostat.set(t.subject, { occupiedHeatingSetpoint: 18 })),
  });
  const app = defineApp({ source: 'urn:acme:home', parts: [thermostat, home, coldAndEmpty] });
  return { app, home, thermostat };
}

describe.each(Object.entries(libraries))('with the schemas of %s', (_, schemas) => {
  const { app, home, thermostat } = firstScreen(schemas);

  it('the first screen warms a cold, empty home', () => {
    const run = simulation(app);
    run.happen(
      { event: lives('t1', 'h1') },
      { event: home.set('h1', { occupants: 0 }) },
      { event: thermostat.events.temperature('t1', { celsius: 14 }) },
    );
    expect(run.read(thermostat.ref('t1')).state.desired).toEqual({ occupiedHeatingSetpoint: 18 });
  });

  it.each([
    ['data', thermostat.events.temperature('t1', { celsius: 86 }), 'data.celsius'],
    [
      'a wish',
      thermostat.set('t1', { occupiedHeatingSetpoint: 4 }),
      'data.occupiedHeatingSetpoint',
    ],
  ])('%s outside of its bounds is refused with its place', (__, event, field) => {
    expect(simulation(app).happen({ event })).toMatchObject([
      { code: 'invalid-data', data: { field } },
    ]);
  });
});

// Nothing below has a type written by hand; the compiler is what is tested.
describe('without an annotation', () => {
  const told = {
    zod: defineEvent('a', z.object({ n: z.number(), s: z.optional(z.string()) })),
    mini: defineEvent('b', mini.object({ n: mini.number(), s: mini.optional(mini.string()) })),
    valibot: defineEvent('c', v.object({ n: v.number(), s: v.optional(v.string()) })),
  };

  it('an event infers its data', () => {
    type Data = { n: number; s?: string | undefined };
    expectTypeOf<Parameters<typeof told.zod>[1]>().toEqualTypeOf<Data>();
    expectTypeOf<Parameters<typeof told.mini>[1]>().toEqualTypeOf<Data>();
    expectTypeOf<Parameters<typeof told.valibot>[1]>().toEqualTypeOf<Data>();
    // @ts-expect-error a typo
    told.valibot('x', { m: 1 });
    // @ts-expect-error a typo
    told.mini('x', { m: 1 });
  });

  it('a device infers its state, its reports and its wishes', () => {
    const light = defineDevice({
      type: 'light',
      state: v.object({ on: v.boolean(), level: v.number() }),
      initial: { on: false, level: 0 },
      writable: v.object({ on: v.boolean() }),
      reports: {
        switched: {
          data: v.object({ on: v.boolean() }),
          apply: (data, set, state) => {
            expectTypeOf(data).toEqualTypeOf<{ on: boolean }>();
            expectTypeOf(state).toEqualTypeOf<{ on: boolean; level: number }>();
            return set(data);
          },
        },
      },
      commands: { blink: { data: v.object({ times: v.number() }), expiresMs: 1_000 } },
      tags: ({ on }) => ({ on: String(on) }),
    });
    expectTypeOf<Parameters<typeof light.set>[1]>().toEqualTypeOf<Wishes<{ on: boolean }>>();
    expectTypeOf<Parameters<typeof light.commands.blink>[1]>().toEqualTypeOf<{ times: number }>();
    // @ts-expect-error a typo
    light.set('l1', { onn: true });
    // @ts-expect-error not writable
    light.set('l1', { level: 1 });
  });

  it('a handler infers its state, and a call its request and result', () => {
    const call = defineCall({
      type: 'call',
      request: mini.object({ clip: mini.string() }),
      result: mini.object({ label: mini.enum(['cat', 'dog']) }),
      timeoutMs: 1,
      attempts: 1,
    });
    const handler = defineHandler({
      name: 'n',
      state: v.object({ last: v.nullable(v.string()) }),
      initial: { last: null },
    }).on([told.valibot, call.done], ({ state, event }) => {
      expectTypeOf(state).toEqualTypeOf<{ last: string | null }>();
      if (event.type === 'call.done') {
        expectTypeOf(event.data.result.label).toEqualTypeOf<'cat' | 'dog'>();
        expectTypeOf(event.data.request).toEqualTypeOf<{ clip: string }>();
        return { state: { last: event.data.result.label } };
      }
      expectTypeOf(event.data.n).toEqualTypeOf<number>();
      return { emit: call(event.subject, { clip: 'a' }) };
    });
    expectTypeOf(handler.initial).toEqualTypeOf<{ last: string | null }>();
    // @ts-expect-error a typo in one of the branches
    handler.on(told.mini, ({ event }) => (event.data.n > 0 ? {} : { state: { lost: null } }));
  });

  it('a rule infers what it sees', () => {
    const { thermostat } = firstScreen(libraries['valibot'] as Schemas);
    expectTypeOf(each(thermostat, { pick: ['localTemperature'] }).of.view).returns.toEqualTypeOf<{
      localTemperature: number | null;
    }>();
    // @ts-expect-error a typo
    each(thermostat, { pick: ['localTemprature'] });
  });
});
