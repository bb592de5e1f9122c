import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import { simulation } from '../simulate/index.ts';
import type { Draft, EventDef } from './event.ts';
import { defineHandler, type Ref } from './handler.ts';
import { defineHome } from './home.ts';

const home = defineHome({
  type: 'com.acme.home',
  state: z.object({ occupants: z.number().min(0), mode: z.enum(['home', 'away']) }),
  initial: { occupants: 0, mode: 'away' },
  reports: {
    entered: {
      data: z.object({ people: z.number() }),
      apply: ({ people }, set, { occupants }) => set({ occupants: occupants + people }),
    },
  },
  tags: ({ mode }) => ({ mode }),
});
const listener = defineHandler({ name: 'listener', state: z.array(z.unknown()), initial: [] }).on(
  home.events.changed,
  ({ state, event }) => ({ state: [...state, [event.partitionkey, event.data]] }),
);

function start() {
  const run = simulation(defineApp({ source: 'urn:acme', parts: [home, listener] }));
  const say = (event: Draft) => run.happen({ event })[0];
  const kept = () => run.read(home.ref('h1')).state;
  const heard = () => run.read(listener.ref('h1')).state;
  return { run, say, kept, heard };
}

describe('a home', () => {
  it('is changed by what is set and by what is reported', () => {
    const { say, kept } = start();
    say(home.set('h1', { mode: 'home' }));
    say(home.events.entered('h1', { people: 2 }));
    say(home.events.entered('h1', { people: 1 }));
    expect(kept()).toEqual({ occupants: 3, mode: 'home' });
  });

  it('tells its whole state after a change, as its own partition', () => {
    const { say, heard } = start();
    say(home.set('h1', { mode: 'home' }));
    say(home.set('h1', { mode: 'home' }));
    expect(heard()).toEqual([['h1', { occupants: 0, mode: 'home' }]]);
  });

  it('takes over what another system knew', () => {
    const { say, kept } = start();
    say(home.events.imported('h1', { occupants: 4 }));
    expect(kept()).toEqual({ occupants: 4, mode: 'away' });
  });

  it('is found by its tags', async () => {
    const { run, say } = start();
    say(home.set('h1', { mode: 'home' }));
    const page = run.store.query({
      handler: 'com.acme.home',
      tag: 'mode',
      value: 'home',
      limit: 9,
    });
    expect(await page).toMatchObject({ keys: ['com.acme.home/h1'] });
  });

  it.each([
    ['a value that does not fit', { occupants: -1 }, 'data.occupants'],
    ['a property that it does not have', { ocupants: 1 }, 'data.ocupants'],
    ['what is no object', [], 'data'],
  ])('refuses %s', (_, data, field) => {
    const answer = start().say({ ...home.set('h1', {}), data });
    expect(answer).toMatchObject({ verdict: 'rejected', code: 'invalid-data', data: { field } });
  });

  it('tries again when `apply` made a state that does not fit', () => {
    expect(start().say(home.events.entered('h1', { people: -1 }))).toMatchObject({
      verdict: 'retry',
      code: 'invalid-state',
    });
  });

  it('refuses what does not go with the rest', () => {
    const range = defineHome({
      type: 'range',
      state: z.object({ low: z.number(), high: z.number() }).refine((s) => s.low <= s.high),
      initial: { low: 0, high: 10 },
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [range] }));
    const answers = run.happen(
      { event: range.set('h1', { low: 10 }) },
      { event: range.set('h1', { low: 11 }) },
    );
    expect(answers.map(({ code }) => code)).toEqual([undefined, 'invalid-data']);
  });

  it('may have a state of several shapes', () => {
    const alarm = defineHome({
      type: 'alarm',
      state: z.union([
        z.object({ kind: z.literal('off') }),
        z.object({ kind: z.literal('on'), by: z.string() }),
      ]),
      initial: { kind: 'off' },
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [alarm] }));
    const answers = run.happen(
      { event: alarm.set('h1', { kind: 'on' }) },
      { event: alarm.set('h1', { kind: 'on', by: 'u1' }) },
    );
    expect(answers.map(({ code }) => code)).toEqual(['invalid-data', undefined]);
    expect(run.read(alarm.ref('h1')).state).toEqual({ kind: 'on', by: 'u1' });
  });
});

describe('who may say what of a home', () => {
  const says = (kind: 'device' | 'user', event: Draft) => {
    const app = defineApp({ source: 'urn:acme', parts: [home, listener] });
    const run = simulation(app, { speaksFor: () => true });
    return run.happen({ event, principal: { kind, id: 'p1' } })[0]?.code;
  };

  it.each([
    ['device', 'report', home.events.entered('h1', { people: 1 }), undefined],
    ['device', 'set', home.set('h1', { occupants: 1 }), 'not-permitted'],
    ['device', 'import', home.events.imported('h1', { occupants: 1 }), 'not-permitted'],
    [
      'device',
      'say that it changed',
      home.events.changed('h1', { occupants: 1, mode: 'away' }),
      'not-permitted',
    ],
    ['user', 'set', home.set('h1', { occupants: 1 }), undefined],
    ['user', 'import', home.events.imported('h1', { occupants: 1 }), 'not-permitted'],
  ] as const)('a %s that speaks for it asks to %s', (kind, _, event, code) => {
    expect(says(kind, event)).toBe(code);
  });
});

describe('defineHome', () => {
  const options = { type: 'h', state: z.object({ a: z.number() }), initial: { a: 0 } };

  it.each(['set', 'imported', 'changed'])('keeps the name "%s" for every home', (name) => {
    const report = { data: z.object({}), apply: () => ({ patch: {} }) };
    expect(() => defineHome({ ...options, reports: { [name]: report } })).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field: name,
        message: `"h" cannot name a report "${name}": every home has it.`,
      }),
    );
  });

  it('refuses a schema that is not plain JSON, and an initial state that does not fit', () => {
    const since = z.object({ a: z.number(), since: z.date() });
    expect(() =>
      defineHome({ ...options, state: since, initial: { a: 0, since: new Date(0) } }),
    ).toThrow('at "since" a date is not JSON');
    expect(() => defineHome({ ...options, initial: { a: Number.NaN } })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field: 'a' }),
    );
  });

  it('infers everything from its schemas', () => {
    interface State {
      occupants: number;
      mode: 'home' | 'away';
    }
    expectTypeOf(home.events.entered).toEqualTypeOf<
      EventDef<'com.acme.home.entered', { people: number }>
    >();
    expectTypeOf(home.events.changed).toEqualTypeOf<EventDef<'com.acme.home.changed', State>>();
    expectTypeOf(home.ref('h1')).toEqualTypeOf<Ref<State>>();
    // @ts-expect-error a typo
    home.set('h1', { ocupants: 1 });
    // @ts-expect-error not one of the modes
    home.set('h1', { mode: 'asleep' });
    // @ts-expect-error a typo
    home.events.entered('h1', { persons: 1 });
  });
});
