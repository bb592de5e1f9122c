import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { lives, type Lives } from './binding.ts';
import { defineDevice, type Desired, type DeviceState, type Patch } from './device.ts';
import type { Draft, EventDef } from './event.ts';
import { defineHandler } from './handler.ts';

const setpoint = z.number().min(5).max(35);
const thermostat = defineDevice({
  type: 'com.acme.thermostat',
  state: z.object({ celsius: z.number().nullable(), setpoint: z.number() }),
  initial: { celsius: null, setpoint: 20 },
  writable: z.object({ setpoint }),
  reports: {
    temperature: {
      data: z.object({ celsius: z.number() }),
      apply: ({ celsius }, set) => set({ celsius }),
    },
    rose: {
      data: z.object({ by: z.number() }),
      apply: ({ by }, set, { celsius }) => set({ celsius: (celsius ?? 0) + by }),
    },
  },
  commands: { reboot: { data: z.object({ after: z.number() }), expiresMs: 5_000 } },
});
// Without somebody who listens, `changed` is not emitted.
const listener = defineHandler({
  name: 'listener',
  state: z.array(z.unknown()),
  initial: [],
}).on([thermostat.events.changed, thermostat.events.left], ({ state, event }) => ({
  state: [
    ...state,
    [event.type.replace('com.acme.thermostat.', ''), event.partitionkey, event.data],
  ],
}));

const device: Principal = { kind: 'device', id: 't1' };
const report = thermostat.events.temperature('t1', { celsius: 14 });

function start() {
  const run = simulation(defineApp({ source: 'urn:acme', parts: [thermostat, listener] }));
  const say = (event: Draft, principal?: Principal) =>
    run.happen(principal === undefined ? { event } : { event, principal })[0];
  const kept = () => run.read(thermostat.ref('t1')).state;
  const heard = () => run.read(listener.ref('t1')).state;
  const desired = () =>
    run.published.flatMap(({ type, data }) =>
      type === 'com.acme.thermostat.desired' ? [data] : [],
    );
  return { run, say, kept, heard, desired };
}

describe('a report', () => {
  it('changes the state as `apply` says', () => {
    const { say, kept } = start();
    say(report);
    say(thermostat.events.rose('t1', { by: 2 }));
    expect(kept().reported).toEqual({ celsius: 16, setpoint: 20 });
  });

  it('emits the whole state if it changed something, and nothing if not', () => {
    const { run, say, heard } = start();
    say(report);
    say(report);
    expect(heard()).toEqual([['changed', 't1', { celsius: 14, setpoint: 20 }]]);
    expect(run.read(thermostat.ref('t1')).remembered).toBe(1);
  });

  it('is heard the first time although it changed nothing', () => {
    const { say, heard } = start();
    say(thermostat.events.reported('t1', { setpoint: 20 }));
    expect(heard()).toEqual([['changed', 't1', { celsius: null, setpoint: 20 }]]);
  });

  it('is refused with the place of what does not fit', () => {
    const answer = start().say({ ...report, data: { celsius: '14' } });
    expect(answer).toMatchObject({
      verdict: 'rejected',
      code: 'invalid-data',
      data: { field: 'data.celsius' },
    });
  });

  it('is tried again when `apply` made a state that does not fit', () => {
    const wrong = defineDevice({
      type: 'wrong',
      state: z.object({ level: z.number().max(1) }),
      initial: { level: 0 },
      reports: { raised: { data: z.object({}), apply: (_, set) => set({ level: 2 }) } },
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [wrong] }));
    expect(run.happen({ event: wrong.events.raised('w1', {}) })[0]).toMatchObject({
      verdict: 'retry',
      code: 'invalid-state',
    });
  });

  it('in the words of the model is refused if it does not go with the rest', () => {
    const range = defineDevice({
      type: 'range',
      state: z
        .object({ low: z.number(), high: z.number() })
        .refine(({ low, high }) => low <= high, 'low above high'),
      initial: { low: 0, high: 10 },
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [range] }));
    const answers = run.happen(
      { event: range.events.reported('r1', { low: 10 }) },
      { event: range.events.reported('r1', { low: 11 }) },
    );
    expect(answers).toMatchObject([
      { verdict: 'done' },
      { verdict: 'rejected', code: 'invalid-data', data: { message: 'low above high' } },
    ]);
    expect(run.read(range.ref('r1')).state.reported).toEqual({ low: 10, high: 10 });
  });
});

describe('set', () => {
  it('keeps the last wish, and tells the device what is still open', () => {
    const { say, kept, desired } = start();
    say(thermostat.set('t1', { setpoint: 18 }));
    say(thermostat.set('t1', { setpoint: 19 }));
    expect(kept()).toMatchObject({ desired: { setpoint: 19 }, desiredRev: 2 });
    expect(desired()).toEqual([
      { desired: { setpoint: 18 }, desiredRev: 1 },
      { desired: { setpoint: 19 }, desiredRev: 2 },
    ]);
  });

  it('does not repeat an equal wish', () => {
    const { say, desired } = start();
    say(thermostat.set('t1', { setpoint: 18 }));
    say(thermostat.set('t1', { setpoint: 18 }));
    expect(desired()).toHaveLength(1);
  });

  it('asks for nothing that is so already', () => {
    const { say, desired } = start();
    say(thermostat.set('t1', { setpoint: 20 }));
    expect(desired()).toEqual([]);
  });

  it('takes a wish back with null', () => {
    const { say, kept, desired } = start();
    say(thermostat.set('t1', { setpoint: 18 }));
    say(thermostat.set('t1', { setpoint: null }));
    expect(kept().desired).toEqual({});
    expect(desired().at(-1)).toEqual({ desired: {}, desiredRev: 2 });
  });

  it.each([
    ['a value outside its bounds', { setpoint: 36 }, 'data.setpoint'],
    ['a property that is not writable', { celsius: 1 }, 'data.celsius'],
    ['taking back what is not writable', { celsius: null }, 'data.celsius'],
  ])('refuses %s', (_, data, field) => {
    const answer = start().say({ ...thermostat.set('t1', {}), data });
    expect(answer).toMatchObject({ verdict: 'rejected', code: 'invalid-data', data: { field } });
  });

  it('refuses every wish of a device without writable properties', () => {
    const sensor = defineDevice({
      type: 'sensor',
      state: z.object({ open: z.boolean() }),
      initial: { open: false },
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [sensor] }));
    const event = { type: 'sensor.set', subject: 's1', data: { open: true } };
    expect(run.happen({ event })[0]).toMatchObject({
      code: 'invalid-data',
      message: 'The data of "sensor.set" does not fit at "data.open": is not writable',
    });
  });

  it('refuses wishes that do not go together', () => {
    const cooler = defineDevice({
      type: 'cooler',
      state: z.object({ heat: z.number(), cool: z.number(), mode: z.string() }),
      initial: { heat: 18, cool: 25, mode: 'auto' },
      writable: z
        .strictObject({ heat: z.number(), cool: z.number() })
        .refine(({ heat, cool }) => heat <= cool, 'heats above where it cools'),
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [cooler] }));
    const answers = run.happen(
      { event: cooler.set('c1', { heat: 25 }) },
      { event: cooler.set('c1', { heat: 26 }) },
      { event: cooler.set('c1', { heat: 26, cool: 27 }) },
    );
    expect(answers.map(({ code }) => code)).toEqual([undefined, 'invalid-data', undefined]);
  });
});

describe('lives', () => {
  const h1 = { type: 'com.acme.thermostat', subject: 't1' };

  it('brings a device that was heard of before to its home', () => {
    const { say, heard } = start();
    say(report);
    say(lives('t1', 'h1'));
    expect(heard().at(-1)).toEqual(['changed', 'h1', { celsius: 14, setpoint: 20 }]);
  });

  it('says nothing of a device that nobody has heard of', () => {
    const { say, heard, kept } = start();
    say(lives('t1', 'h1'));
    expect(heard()).toEqual([]);
    expect(kept().home).toBe('h1');
  });

  it('moves a device: it leaves one home and arrives in the other', () => {
    const { say, heard } = start();
    say(lives('t1', 'h1'));
    say(report);
    say(lives('t1', 'h2'));
    const state = { celsius: 14, setpoint: 20 };
    expect(heard()).toEqual([
      ['changed', 'h1', state],
      ['left', 'h1', { home: 'h1' }],
      ['changed', 'h2', state],
    ]);
  });

  it('takes a device out of its home with null', () => {
    const { say, heard, kept } = start();
    say(lives('t1', 'h1'));
    say(report);
    say(lives('t1', null));
    expect(kept().home).toBeNull();
    expect(heard().slice(1)).toEqual([
      ['left', 'h1', { home: 'h1' }],
      ['changed', 't1', { celsius: 14, setpoint: 20 }],
    ]);
  });

  it('has no effect the second time', () => {
    const { run, say } = start();
    say(lives('t1', 'h1'));
    const steps = run.steps.length;
    say(lives('t1', 'h1'));
    expect(run.steps).toHaveLength(steps);
  });

  it('refuses a device that lives in itself', () => {
    expect(start().say(lives('t1', 't1'))).toMatchObject({
      verdict: 'rejected',
      code: 'invalid-data',
    });
  });

  it('is only kept by the model it is meant for', () => {
    const { say, kept } = start();
    say(lives('t1', 'h1', { type: 'com.acme.light' }));
    expect(kept().home).toBeNull();
    say(lives('t1', 'h1', h1));
    expect(kept().home).toBe('h1');
  });

  it.each([
    ['no home at all', {}, 'data.home'],
    ['an empty home', { home: '' }, 'data.home'],
    ['a home that is no text', { home: 1 }, 'data.home'],
    ['a model that is no text', { home: 'h1', model: 1 }, 'data.model'],
    ['nothing', null, 'data.home'],
  ])('refuses %s', (_, data, field) => {
    const answer = start().say({ ...lives('t1', 'h1'), data });
    expect(answer).toMatchObject({ verdict: 'rejected', code: 'invalid-data', data: { field } });
  });

  it('makes the device findable by its home, and by its own tags', async () => {
    const tagged = defineDevice({
      type: 'tagged',
      state: z.object({ firmware: z.string() }),
      initial: { firmware: '1' },
      tags: ({ firmware }) => ({ firmware }),
    });
    const run = simulation(defineApp({ source: 'urn:acme', parts: [tagged] }));
    run.happen({ event: lives('a1', 'h1') });
    const find = (tag: string, value: string) =>
      run.store.query({ handler: 'tagged', tag, value, limit: 9 });
    expect(await find('home', 'h1')).toMatchObject({ keys: ['tagged/a1'] });
    expect(await find('firmware', '1')).toMatchObject({ keys: ['tagged/a1'] });
  });
});

describe('who may say what', () => {
  it.each([
    ['report', report],
    ['say its state', thermostat.events.reported('t1', { celsius: 1 })],
  ])('a device may %s', (_, event) => {
    expect(start().say(event, device)).toEqual({ verdict: 'done' });
  });

  it.each([
    ['wish for itself', thermostat.set('t1', { setpoint: 18 })],
    ['choose its home', lives('t1', 'h1')],
    ['import its state', thermostat.events.imported('t1', { celsius: 1 })],
    ['say that it changed', thermostat.events.changed('t1', { celsius: 1, setpoint: 2 })],
    ['say that it left', thermostat.events.left('t1', { home: 'h1' })],
    ['speak for another', thermostat.events.temperature('t2', { celsius: 14 })],
  ])('a device may not %s', (_, event) => {
    const { say, kept, heard } = start();
    const before = kept();
    expect(say(event, device)).toMatchObject({ verdict: 'rejected', code: 'not-permitted' });
    expect([kept(), heard()]).toEqual([before, []]);
  });

  it('a user may wish, where the app lets users speak for the device', () => {
    const run = simulation(defineApp({ source: 'urn:acme', parts: [thermostat] }), {
      speaksFor: () => true,
    });
    const principal = { kind: 'user', id: 'u1' } as const;
    const answers = run.happen(
      { event: thermostat.set('t1', { setpoint: 18 }), principal },
      { event: lives('t1', 'h1'), principal },
      { event: thermostat.events.imported('t1', { celsius: 1 }), principal },
    );
    expect(answers.map(({ code }) => code)).toEqual([undefined, 'not-permitted', 'not-permitted']);
  });
});

describe('defineDevice', () => {
  const state = z.object({ a: z.number() });
  const initial = { a: 0 };
  const empty = { data: z.object({}), apply: () => ({ patch: {} }) };
  const define = (more: object) => () => defineDevice({ type: 'd', state, initial, ...more });

  it('needs no report: a device may speak in the words of its model', () => {
    expect(define({})().events.reported('d1', { a: 1 })).toEqual({
      type: 'd.reported',
      subject: 'd1',
      data: { a: 1 },
    });
  });

  it.each(['set', 'reported', 'imported', 'changed', 'desired', 'left'])(
    'keeps the name "%s" for every device',
    (name) => {
      const message = `"d" cannot name a report or command "${name}": every device has it.`;
      const error = { code: 'invalid-definition', field: name, message };
      expect(define({ reports: { [name]: empty } })).toThrow(expect.objectContaining(error));
      expect(define({ commands: { [name]: { data: state, expiresMs: 1 } } })).toThrow(
        expect.objectContaining(error),
      );
    },
  );

  it('leaves the name "bound" to reports', () => {
    const bound = { data: state, apply: ({ a }: { a: number }, set: Set) => set({ a }) };
    const shoe = define({ reports: { bound } })();
    const run = simulation(defineApp({ source: 'urn:acme', parts: [shoe] }));
    run.happen(
      { event: lives('s1', 'h1') },
      { event: { type: 'd.bound', subject: 's1', data: { a: 7 } } },
    );
    expect(run.read(shoe.ref('s1')).state).toMatchObject({ home: 'h1', reported: { a: 7 } });
  });

  type Set = (patch: Partial<{ a: number }>) => Patch<{ a: number }>;

  it('refuses a report and a command of one name', () => {
    const options = { reports: { x: empty }, commands: { x: { data: state, expiresMs: 1 } } };
    expect(define(options)).toThrow('"d" has a report and a command named "x"');
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, 1e12 + 1])(
    'refuses a command of %s ms',
    (expiresMs) => {
      expect(define({ commands: { x: { data: state, expiresMs } } })).toThrow(
        expect.objectContaining({ code: 'invalid-definition', field: 'x' }),
      );
    },
  );

  it('takes a command of 1 ms', () => {
    expect(define({ commands: { x: { data: state, expiresMs: 1 } } })).not.toThrow();
    expect(define({ commands: { x: { data: state, expiresMs: 1e12 } } })).not.toThrow();
  });

  it.each([
    ['state', { state: z.object({ a: z.coerce.number() }) }],
    ['writable', { writable: z.object({ a: z.coerce.number() }) }],
    ['reports', { reports: { x: { ...empty, data: z.object({ a: z.coerce.number() }) } } }],
    ['commands', { commands: { x: { data: z.object({ a: z.coerce.number() }), expiresMs: 1 } } }],
  ])('refuses a schema that is not plain JSON in %s', (_, more) => {
    expect(define(more)).toThrow(/is not plain JSON: at "a" it coerces/);
  });

  it('refuses a writable property that the state does not have', () => {
    expect(define({ writable: z.object({ b: z.number() }) })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field: 'b' }),
    );
  });

  it('refuses an initial state that does not fit', () => {
    expect(define({ initial: { a: 'x' } })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field: 'a' }),
    );
  });

  it.each(['', 'a/b'])('refuses the type "%s"', (type) => {
    expect(define({ type })).toThrow(expect.objectContaining({ code: 'invalid-definition' }));
  });
});

describe('the types of a device', () => {
  it('follow from its schemas', () => {
    expectTypeOf(thermostat.events.temperature).toEqualTypeOf<
      EventDef<'com.acme.thermostat.temperature', { celsius: number }>
    >();
    expectTypeOf(thermostat.commands.reboot).toEqualTypeOf<
      EventDef<'com.acme.thermostat.reboot', { after: number }>
    >();
    expectTypeOf(thermostat.events.changed).toEqualTypeOf<
      EventDef<'com.acme.thermostat.changed', { celsius: number | null; setpoint: number }>
    >();
    expectTypeOf(thermostat.events.desired).toEqualTypeOf<
      EventDef<'com.acme.thermostat.desired', Desired<{ setpoint: number }>>
    >();
    expectTypeOf(thermostat.events.left).toEqualTypeOf<
      EventDef<'com.acme.thermostat.left', Lives>
    >();
    expectTypeOf(start().kept()).toEqualTypeOf<
      DeviceState<{ celsius: number | null; setpoint: number }, { setpoint: number }>
    >();
  });

  // What follows is only compiled.
  const typed = () => {
    thermostat.set('t1', { setpoint: null });
    // @ts-expect-error a typo
    thermostat.set('t1', { setpiont: 18 });
    // @ts-expect-error not writable
    thermostat.set('t1', { celsius: 18 });
    // @ts-expect-error a number
    thermostat.set('t1', { setpoint: '18' });
    // @ts-expect-error a typo
    thermostat.events.temperature('t1', { celcius: 14 });
    // @ts-expect-error no such report
    void thermostat.events.humidity;
    // @ts-expect-error no such command
    void thermostat.commands.unlock;
    const state = z.object({ a: z.number() });
    const sensor = defineDevice({ type: 's', state, initial: { a: 0 } });
    // @ts-expect-error nothing is writable
    sensor.set('s1', { a: 1 });
    const data = z.object({ b: z.number() });
    const reporting = { type: 's', state, initial: { a: 0 } } as const;
    // @ts-expect-error a typo
    defineDevice({ ...reporting, reports: { x: { data, apply: ({ b }, set) => set({ aa: b }) } } });
    // @ts-expect-error `apply` returns what `set` gives
    defineDevice({ ...reporting, reports: { x: { data, apply: () => ({}) } } });
    // @ts-expect-error the state has no such property
    defineDevice({ type: 's', state, initial: { a: 0, b: 1 } });
  };

  it('refuse typos', () => {
    expect(typed).toBeTypeOf('function');
  });
});
