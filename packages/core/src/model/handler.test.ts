import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Principal } from '../ports/principal.ts';
import { simulation } from '../simulate/index.ts';
import { defineCall } from './call.ts';
import { defineEvent, type Draft } from './event.ts';
import { defineHandler, type HandlerBuilder } from './handler.ts';
import { by, each, type One } from './reads.ts';

const pressed = defineEvent('com.acme.pressed', z.object({ times: z.number() }));
const released = defineEvent('com.acme.released', z.object({ afterMs: z.number() }));
const state = z.object({ presses: z.number() });
const button = defineHandler({ name: 'button', state, initial: { presses: 0 } });

function definition(options: object): () => unknown {
  return () => defineHandler({ name: 'n', state, initial: { presses: 0 }, ...options });
}

describe('defineHandler', () => {
  it('gives a new handler for each step, and leaves the old one as it was', () => {
    const one = button.on(pressed, () => ({}));
    expect([...one.subscriptions.keys()]).toEqual(['com.acme.pressed']);
    expect(button.subscriptions.size).toBe(0);
  });

  it('lets no step tell the state of one subject to the next, whatever it does to its own', () => {
    const initial = { seen: ['nobody'] };
    const guests = defineHandler({
      name: 'guests',
      state: z.object({ seen: z.array(z.string()) }),
      initial,
    });
    const careless = guests.on(pressed, ({ state: kept, event }) => {
      kept.seen.push(event.subject);
      return { state: { ...kept } };
    });
    const home = simulation(defineApp({ source: 'urn:acme', parts: [careless] }));
    expect(home.happen({ event: pressed('anna', { times: 1 }) })).toMatchObject([
      { verdict: 'retry', code: 'step-failed' },
    ]);
    expect(home.read(careless.ref('berta')).state).toEqual({ seen: ['nobody'] });
    expect(initial).toEqual({ seen: ['nobody'] });
  });

  it('takes a list of event types for one step', () => {
    const both = button.on([pressed, released], () => ({}));
    expect([...both.subscriptions.keys()]).toEqual(['com.acme.pressed', 'com.acme.released']);
  });

  it('refuses a second step for one type, alone or in a list', () => {
    const once = button.on(pressed, () => ({}));
    const error = {
      code: 'invalid-definition',
      message: '"button" handles "com.acme.pressed" twice.',
    };
    expect(() => once.on(pressed, () => ({}))).toThrow(expect.objectContaining(error));
    expect(() => button.on([pressed, pressed], () => ({}))).toThrow(expect.objectContaining(error));
  });

  it.each([
    ['an empty name', { name: '' }, ''],
    ['a name with a slash', { name: 'a/b' }, 'a/b'],
    ['a name of 201 characters', { name: 'n'.repeat(201) }, 'n'.repeat(201)],
    ['a control character', { name: 'a\nb' }, 'a\nb'],
    ['a former name with a slash', { formerly: 'x/y' }, 'x/y'],
  ])('refuses %s', (_, options, word) => {
    expect(definition(options)).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        message: `"${word}" is no name for a handler: 1 to 200 characters, without "/" or control characters.`,
      }),
    );
  });

  it('takes a name of 200 characters', () => {
    expect(definition({ name: 'n'.repeat(200) })).not.toThrow();
  });

  it('names the property of an initial state that does not fit', () => {
    expect(definition({ initial: { presses: 'none' } })).toThrow(
      expect.objectContaining({ code: 'invalid-definition', field: 'presses' }),
    );
  });

  it('keeps its records under its first name', () => {
    const renamed = defineHandler({
      name: 'knob',
      formerly: 'button',
      state,
      initial: { presses: 0 },
    });
    expect([renamed.name, renamed.key]).toEqual(['knob', 'button']);
  });

  it.each([0, 1.5, -1, Number.NaN])('refuses the version %s', (version) => {
    expect(definition({ version })).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field: 'version',
        message: `"n" needs a version that counts from 1, not ${version}.`,
      }),
    );
  });

  it('says so when a migration was written and the version forgotten', () => {
    expect(definition({ migrate: { 1: () => ({}) } })).toThrow(
      '"n" migrates state of version 1, but its own version is 1; set version: 2.',
    );
    expect(definition({ version: 2, migrate: { 1: () => ({}) } })).not.toThrow();
  });

  it('refuses to migrate from what is no version', () => {
    expect(definition({ version: 2, migrate: { 0: () => ({}) } })).toThrow(
      '"n" cannot migrate from what is no version; they count from 1.',
    );
  });
});

describe('on', () => {
  const call = defineCall({
    type: 'com.acme.classify',
    request: z.object({ clip: z.string() }),
    result: z.object({ label: z.string() }),
    timeoutMs: 1_000,
    attempts: 1,
  });
  const result = call.done('c1', { request: { clip: 'a' }, result: { label: 'person' } });
  const says = (principal: Principal, handler: HandlerBuilder<{ presses: number }, object>) => {
    const run = simulation(defineApp({ source: 'urn:acme', parts: [call, handler] }));
    return run.happen({ event: result, principal })[0]?.code;
  };
  const counts = button.on(call.done, () => ({ state: { presses: 1 } }));

  it('takes the result of a call from the app and from services only', () => {
    expect(says({ kind: 'device', id: 'c1' }, counts)).toBe('not-permitted');
    expect(says({ kind: 'service', id: 'worker' }, counts)).toBeUndefined();
  });

  it('lets a step say who may speak to it', () => {
    const devices = button.on(call.done, () => ({ state: { presses: 1 } }), { from: ['device'] });
    expect(says({ kind: 'device', id: 'c1' }, devices)).toBeUndefined();
    expect(says({ kind: 'service', id: 'worker' }, devices)).toBe('not-permitted');
  });
});

// None of these functions is called: the compiler is what is tested.
describe('the types of steps', () => {
  it('follow from the definition', () => {
    button.on(pressed, (input) => {
      expectTypeOf(input.state).toEqualTypeOf<{ presses: number }>();
      expectTypeOf(input.event.type).toEqualTypeOf<'com.acme.pressed'>();
      expectTypeOf(input.event.data).toEqualTypeOf<{ times: number }>();
      expectTypeOf(input.event.subject).toEqualTypeOf<string>();
      expectTypeOf(input.now).toEqualTypeOf<number>();
      expectTypeOf(input.principal).toEqualTypeOf<Principal>();
      return {};
    });
  });

  it('narrow the event of a list by its type', () => {
    button.on([pressed, released], ({ event }) => {
      if (event.type === 'com.acme.pressed')
        expectTypeOf(event.data).toEqualTypeOf<{ times: number }>();
      else expectTypeOf(event.data).toEqualTypeOf<{ afterMs: number }>();
      // @ts-expect-error before the type is known, only what all have in common is there
      void event.data.times;
      return {};
    });
  });

  it('know what was read', () => {
    const reader = defineHandler({
      name: 'reader',
      state,
      initial: { presses: 0 },
      reads: { one: by(button), many: each(button) },
    });
    reader.on(pressed, ({ reads }) => {
      expectTypeOf(reads.one).toEqualTypeOf<{ presses: number }>();
      expectTypeOf(reads.many).toEqualTypeOf<readonly One<{ presses: number }>[]>();
      // @ts-expect-error nothing of that name is read
      void reads.other;
      return {};
    });
  });

  it('refuse a property that the state does not have', () => {
    // @ts-expect-error "preses" is a typo
    button.on(pressed, () => ({ state: { preses: 1 } }));
    // @ts-expect-error a spread does not hide it
    button.on(pressed, ({ state: old }) => ({ state: { ...old, preses: 1 } }));
  });

  it('refuse it in one of several branches too', () => {
    // @ts-expect-error the branch that returns nothing does not excuse the other
    button.on(pressed, ({ state: old, event }) => {
      if (event.data.times === 0) return {};
      return { state: { ...old, preses: 1 } };
    });
    // @ts-expect-error nor does one that is right
    button.on(pressed, ({ state: old, event }) => {
      if (event.data.times === 0) return { state: old };
      return { state: { ...old, preses: 1 } };
    });
  });

  it('refuse a property that an outcome does not have', () => {
    // @ts-expect-error "emits" is a typo
    button.on(pressed, ({ state: old }) => ({ state: old, emits: released('a', { afterMs: 1 }) }));
  });

  it('refuse a promise, a list and nothing', () => {
    // @ts-expect-error a step does not wait
    button.on(pressed, async ({ state: old }) => ({ state: old }));
    // @ts-expect-error drafts go into `emit`
    button.on(pressed, () => [released('a', { afterMs: 1 })]);
    // @ts-expect-error `{}` means that nothing happened
    button.on(pressed, () => undefined);
  });

  it('refuse wrong data in what is emitted', () => {
    button.on(pressed, ({ event }) => ({
      emit: [
        released(event.subject, { afterMs: 1 }),
        // @ts-expect-error a typo
        released(event.subject, { after: 1 }),
      ],
    }));
  });

  it('let an output depend on a condition', () => {
    const step = button.on(pressed, ({ event }) => ({
      emit: event.data.times > 1 ? released(event.subject, { afterMs: 1 }) : undefined,
    }));
    expectTypeOf(step).toEqualTypeOf(button);
    expectTypeOf(released('a', { afterMs: 1 })).toExtend<Draft>();
  });

  it('let a state be one of several', () => {
    const busy = defineHandler({
      name: 'busy',
      state: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('idle') }),
        z.object({ kind: z.literal('busy'), job: z.string() }),
      ]),
      initial: { kind: 'idle' },
    });
    busy.on(pressed, ({ state: old }) =>
      old.kind === 'busy' ? { state: { kind: 'idle' } } : { state: { kind: 'busy', job: 'x' } },
    );
    // @ts-expect-error "jobb" is a typo
    busy.on(pressed, () => ({ state: { kind: 'busy', jobb: 'x' } }));
  });

  it('let a state be anything', () => {
    const any = defineHandler({ name: 'any', state: z.unknown(), initial: null });
    any.on(pressed, ({ event }) =>
      event.data.times > 1 ? { state: 'text' } : { state: { presses: 1 } },
    );
    const text = defineHandler({ name: 'text', state: z.string(), initial: '' });
    text.on(pressed, ({ state: old }) => ({ state: `${old}!` }));
    // @ts-expect-error it is a text
    text.on(pressed, () => ({ state: 1 }));
  });

  it('let a state be a list', () => {
    const list = defineHandler<readonly string[]>({
      name: 'list',
      state: z.array(z.string()),
      initial: [],
    });
    list.on(pressed, ({ state: old, event }) => ({ state: [...old, event.subject] }));
    // @ts-expect-error a list of texts
    list.on(pressed, ({ state: old, event }) => ({ state: [...old, event.data.times] }));
  });

  it('let a state be a record', () => {
    const seen = defineHandler({
      name: 'seen',
      state: z.record(z.string(), z.number()),
      initial: {},
    });
    seen.on(pressed, ({ state: old, event }) => ({ state: { ...old, [event.subject]: 1 } }));
    // @ts-expect-error the values are numbers
    seen.on(pressed, ({ state: old, event }) => ({ state: { ...old, [event.subject]: 'one' } }));
  });

  it('refuse an initial state that does not fit', () => {
    const wrong = { presses: 'none' };
    // @ts-expect-error `presses` is a number
    expect(() => defineHandler({ name: 'n', state, initial: wrong })).toThrow('presses');
  });
});
