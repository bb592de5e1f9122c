import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { HearthError } from '../event/error.ts';
import { defineDevice } from '../model/device.ts';
import { defineEvent, type Incoming } from '../model/event.ts';
import { defineHandler, type Outcome, type StepInput } from '../model/handler.ts';
import type { Principal } from '../ports/principal.ts';
import { defineApp } from './define-app.ts';
import { run, type RunInput } from './run.ts';

type State = { readonly n: number; readonly note?: string | undefined };
const state = z.object({ n: z.number().max(9), note: z.string().optional() });
const asked = defineEvent('asked', z.object({ what: z.string() }));
const told = defineEvent('told', z.object({ n: z.number() }));
const other = defineEvent('other', z.null());
const light = defineDevice({
  type: 'light',
  state: z.object({ on: z.boolean() }),
  initial: { on: false },
});

const principal: Principal = { kind: 'service', id: 's' };
const event: Incoming<'asked', { what: string }> = {
  specversion: '1.0',
  id: '1',
  source: 'urn:test',
  type: 'asked',
  subject: 'a',
  data: { what: '' },
};
const input: RunInput = { event, reads: {}, now: 1_000, principal };

/** Runs a step that returns this, on a record with `n: 1`. */
function ran(step: (given: StepInput<State, typeof event, object>) => unknown, more: object = {}) {
  const handler = defineHandler<State>({ name: 'n', state, initial: { n: 0 }, ...more })
    .on(asked, step as unknown as () => Outcome<State>)
    .on(other, () => ({}));
  const app = defineApp({ source: 'urn:acme', parts: [handler, told, light] });
  return run(app, handler, { subject: 'a', state: { n: 1 }, counter: 4 }, input);
}

const error = (code: string, message?: string, field?: string) =>
  expect.objectContaining({
    code,
    ...(message === undefined ? {} : { message }),
    ...(field === undefined ? {} : { field }),
  });

describe('run', () => {
  it('gives a step its state, event, reads, instant and principal', () => {
    let given: unknown;
    ran((all) => {
      given = all;
      return {};
    });
    expect(given).toEqual({ state: { n: 1 }, event, reads: {}, now: 1_000, principal });
  });

  it('leaves the state as it is when nothing happened', () => {
    const old = { n: 1 };
    const result = ran(() => ({}));
    expect(result).toEqual({
      state: old,
      emitted: [],
      timers: [],
      cancel: [],
      reply: undefined,
      reject: undefined,
      because: undefined,
    });
  });

  it('passes on what a step answers', () => {
    const reject = { code: 'no', data: { why: 'not today' } };
    const outcome = { reply: 5, reject, because: ['late'], cancel: ['k'] };
    expect(ran(() => outcome)).toMatchObject(outcome);
  });

  it('knows only the event types that the handler has a step for', () => {
    const handler = defineHandler<State>({ name: 'n', state, initial: { n: 0 } });
    const app = defineApp({ source: 'urn:acme', parts: [handler.on(other, () => ({}))] });
    expect(() => run(app, handler, { subject: 'a', state: {}, counter: 0 }, input)).toThrow(
      error('unknown-type', '"n" does not handle "asked".', 'type'),
    );
  });
});

describe('a new state', () => {
  it('is taken if it fits', () => {
    expect(ran(() => ({ state: { n: 9 } })).state).toEqual({ n: 9 });
    expect(ran(() => ({ state: { n: 1, note: 'x' } })).state).toEqual({ n: 1, note: 'x' });
  });

  it.each([
    ['a value that does not fit', { n: 10 }, 'n'],
    ['a property too many', { n: 1, m: 1 }, 'm'],
    ['a property too few', {}, 'n'],
    ['what is no object', null, ''],
  ])('is refused for %s', (_, next, field) => {
    expect(() => ran(() => ({ state: next }))).toThrow(error('invalid-state', undefined, field));
  });

  it('is checked as a whole where the schema asks for it', () => {
    const range = z.object({ low: z.number(), high: z.number() }).refine((s) => s.low <= s.high);
    const handler = defineHandler({ name: 'n', state: range, initial: { low: 0, high: 1 } }).on(
      asked,
      ({ state: old }) => ({ state: { ...old, low: old.high + 1 } }),
    );
    const app = defineApp({ source: 'urn:acme', parts: [handler] });
    const record = { subject: 'a', state: { low: 0, high: 1 }, counter: 0 };
    expect(() => run(app, handler, record, input)).toThrow(error('invalid-state'));
  });
});

describe('a step that goes wrong', () => {
  it('throws: the error is kept as the cause', () => {
    const cause = new Error('boo');
    const step = () => {
      throw cause;
    };
    expect(() => ran(step)).toThrow(
      expect.objectContaining({
        code: 'step-failed',
        message: '"n" threw while it handled "asked".',
        cause,
      }),
    );
  });

  it('throws one of our own errors: it is passed on, also from another copy of the package', () => {
    class Copy extends HearthError {
      static override [Symbol.hasInstance](): boolean {
        return false;
      }
    }
    const ours = new Copy('expired', 'Too late.');
    const step = () => {
      throw ours;
    };
    expect(() => ran(step)).toThrow(error('expired', 'Too late.'));
  });

  it('waits', () => {
    const refused = error('async-step', '"n" returned a promise; a step must not wait ("asked").');
    expect(() => ran(async () => ({}))).toThrow(refused);
    // Unhandled, the rejection would end the process.
    expect(() => ran(async () => Promise.reject(new Error('boo')))).toThrow(refused);
  });

  it.each([undefined, null, 5])('returns %s', (outcome) => {
    expect(() => ran(() => outcome)).toThrow(
      error('async-step', '"n" returned nothing; return {} if nothing happened ("asked").'),
    );
  });
});

describe('a rejection', () => {
  it.each([{}, 'no', null, { code: '' }, { code: 42 }])('needs a code, unlike %j', (reject) => {
    expect(() => ran(() => ({ reject }))).toThrow(error('invalid-output', undefined, 'reject'));
  });
});

describe('what a step emits', () => {
  it.each([
    ['key', 1],
    ['key', null],
    ['partition', ''],
    ['partition', 'a\nb'],
    ['partition', '\ud800'],
    ['partition', 'h'.repeat(1025)],
  ])('has no %s like %j', (name, value) => {
    const emit = { ...told('b', { n: 1 }), [name]: value };
    expect(() => ran(() => ({ emit }))).toThrow(error('invalid-output', undefined, name));
  });

  it('may have a partition in any script', () => {
    const { emitted } = ran(() => ({ emit: told('b', { n: 1 }, { partition: 'дом 1' }) }));
    expect(emitted).toMatchObject([{ partitionkey: 'дом 1' }]);
  });

  it('is one draft or a list of them', () => {
    expect(ran(() => ({ emit: told('b', { n: 1 }) })).emitted).toHaveLength(1);
    expect(ran(() => ({ emit: [told('b', { n: 1 }), told('c', { n: 1 })] })).emitted).toHaveLength(
      2,
    );
    expect(ran(() => ({ emit: [] })).emitted).toEqual([]);
  });

  it('counts on from what the record has emitted already', () => {
    const { emitted } = ran(() => ({ emit: [told('b', { n: 1 }), told('c', { n: 1 })] }));
    expect(emitted.map(({ recordseq }) => recordseq?.split('.')[1])).toEqual([
      '000000000005',
      '000000000006',
    ]);
  });

  it.each([
    ['null', null],
    ['a list with a hole', [undefined]],
    ['a text', 'told'],
    ['an event type that was not called', told],
    ['an object without a type', { subject: 'b', data: { n: 1 } }],
  ])('is refused when it is %s', (_, emit) => {
    expect(() => ran(() => ({ emit }))).toThrow(
      error(
        'invalid-output',
        '"n" emitted what is no draft; call an event type to make one.',
        'emit',
      ),
    );
  });

  it('is refused when only another part can say it', () => {
    expect(() => ran(() => ({ emit: light.events.changed('l1', { on: true }) }))).toThrow(
      error('invalid-output', '"n" emitted "light.changed", which only "light" can.', 'type'),
    );
  });

  it('is refused when its data does not fit, with the place', () => {
    expect(() => ran(() => ({ emit: { ...told('b', { n: 1 }), data: { n: 'x' } } }))).toThrow(
      error('invalid-output', undefined, 'n'),
    );
  });
});

describe('the ids of what a step emits', () => {
  const ids = (...emit: readonly ReturnType<typeof told>[]) =>
    ran(() => ({ emit })).emitted.map(({ id }) => id);
  const keyed = (key: string, subject = 'b') => told(subject, { n: 1 }, { key });
  const plain = (subject = 'b') => told(subject, { n: 1 });

  it('stay with their keys, whatever the order', () => {
    const [one, two] = ids(keyed('x'), keyed('y'));
    expect(ids(keyed('y'), plain('c'), keyed('x'))).toEqual([two, expect.any(String), one]);
  });

  it('are the same alone and among others', () => {
    const [alone] = ids(plain());
    expect(ids(plain('c'), plain())[1]).toBe(alone);
  });

  it('count positions within a type and subject only', () => {
    const [first, second] = ids(plain(), plain());
    expect(ids(plain('c'), plain(), keyed('k'), plain())).toEqual([
      expect.any(String),
      first,
      expect.any(String),
      second,
    ]);
  });

  it('tell a position from a key that looks like it', () => {
    const all = ids(plain(), keyed('0'), plain(), keyed('1'));
    expect(new Set(all).size).toBe(4);
  });

  it('are refused when two outputs of a type and subject share a key', () => {
    expect(() => ids(keyed('k'), keyed('k'))).toThrow(
      error(
        'duplicate-key',
        'Two outputs "told" of one subject share the key "k"; give each its own.',
        'key',
      ),
    );
    expect(() => ids(keyed('k'), keyed('k', 'c'))).not.toThrow();
  });

  it('are the same whenever and however often a step is run', () => {
    const drafts = fc.array(
      fc.record({
        subject: fc.constantFrom('a', 'b'),
        key: fc.option(fc.string(), { nil: undefined }),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(drafts, (all) => {
        const unique = all.filter(
          ({ subject, key }, at) =>
            key === undefined ||
            all.findIndex((one) => one.key === key && one.subject === subject) === at,
        );
        const emit = unique.map(({ subject, key }) =>
          told(subject, { n: 1 }, key === undefined ? {} : { key }),
        );
        const first = ids(...emit);
        expect(new Set(first).size).toBe(emit.length);
        expect(ids(...emit)).toEqual(first);
      }),
    );
  });
});

describe('the timers that a step sets', () => {
  const set = (...timers: readonly { key: string; at: number; event?: object }[]) =>
    ran(() => ({ timers: timers.map((one) => ({ event: other('a', null), ...one })) })).timers;

  it('become the events that they will be', () => {
    expect(set({ key: 'k', at: 5_000 })).toMatchObject([
      {
        key: 'k',
        at: 5_000,
        event: { type: 'other', time: '1970-01-01T00:00:05.000Z', causationid: '1' },
      },
    ]);
  });

  it('have ids of their own, also when they share the key of an output', () => {
    const [one, two] = set({ key: 'k', at: 1 }, { key: 'l', at: 1 });
    const { emitted, timers } = ran(() => ({
      emit: told('a', { n: 1 }, { key: 'k' }),
      timers: [{ key: 'k', at: 1, event: other('a', null) }],
    }));
    expect(new Set([one, two].map((timer) => timer?.event.id)).size).toBe(2);
    expect(timers[0]?.event.id).toBe(one?.event.id);
    expect(emitted[0]?.id).not.toBe(one?.event.id);
  });

  it('begin a story that is no deeper', () => {
    const deep = { ...input, event: { ...event, hearthdepth: 16 } };
    const handler = defineHandler<State>({ name: 'n', state, initial: { n: 0 } })
      .on(asked, () => ({ timers: [{ key: 'k', at: 1, event: other('a', null) }] }))
      .on(other, () => ({}));
    const app = defineApp({ source: 'urn:acme', parts: [handler] });
    const { timers } = run(app, handler, { subject: 'a', state: { n: 1 }, counter: 0 }, deep);
    expect(timers[0]?.event.hearthdepth).toBe(1);
  });

  it('are due at whole milliseconds, never early', () => {
    expect(set({ key: 'k', at: 1_000.2 })[0]?.at).toBe(1_001);
  });

  it.each([Number.NaN, Infinity, 8.64e15 + 1])('are refused for the instant %s', (at) => {
    expect(() => set({ key: 'k', at })).toThrow(
      error('invalid-output', 'The timer "k" of "n" needs an instant in ms.', 'at'),
    );
  });

  it('may be due at the last instant that there is', () => {
    expect(set({ key: 'k', at: 8.64e15 })[0]?.event.time).toBe('+275760-09-13T00:00:00.000Z');
  });

  it('are refused for an event that the handler does not handle', () => {
    expect(() => set({ key: 'k', at: 1, event: told('a', { n: 1 }) })).toThrow(
      error('invalid-output', '"n" set a timer for "told", which it does not handle.', 'event'),
    );
  });

  it.each([undefined, 1])('are refused with the key %s', (key) => {
    const timers = [{ key, at: 1, event: asked('a', { what: '' }) }];
    expect(() => ran(() => ({ timers }))).toThrow(error('invalid-output', undefined, 'key'));
  });

  it('are refused when two have one key', () => {
    expect(() => set({ key: 'k', at: 1 }, { key: 'k', at: 2 })).toThrow(
      error('duplicate-key', '"n" set two timers of one key; give each its own.', 'key'),
    );
  });
});
