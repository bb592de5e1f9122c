import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Runtime } from '../ports/runtime.ts';
import { simulation } from '../simulate/index.ts';
import {
  defineCall,
  type CallFunctions,
  type CallOptions,
  type Done,
  type Failed,
} from './call.ts';
import { defineEvent, type EventDef } from './event.ts';
import { defineHandler } from './handler.ts';
import { check } from './schema.ts';

const options = {
  type: 'com.acme.classify',
  request: z.object({ clip: z.string() }),
  result: z.object({ label: z.enum(['person', 'none']) }),
  timeoutMs: 10_000,
  attempts: 3,
} as const;
const classify = defineCall(options);
const moved = defineEvent('com.acme.moved', z.object({ clip: z.string() }));
const watch = defineHandler({
  name: 'watch',
  state: z.array(z.unknown()),
  initial: [],
})
  .on(moved, ({ event }) => ({ emit: classify(event.subject, { clip: event.data.clip }) }))
  .on([classify.done, classify.failed], ({ state, event }) => ({
    state: [...state, event.type.slice(options.type.length), event.data],
  }));

function start(answer: () => unknown, ...others: unknown[]) {
  const app = defineApp({ source: 'urn:acme', parts: [classify, watch] });
  let times = 0;
  const run = simulation(app, {
    calls: { 'com.acme.classify': () => (times++ === 0 ? answer() : (others.shift() ?? answer())) },
  });
  run.happen({ event: moved('c1', { clip: 'a.mp4' }) });
  run.advanceTo(3_600_000);
  return { heard: run.read(watch.ref('c1')).state, times, run };
}

describe('a call', () => {
  it('comes back as done, with the request and the result', () => {
    const { heard } = start(() => ({ label: 'person' }));
    const data = { request: { clip: 'a.mp4' }, result: { label: 'person' } };
    expect(heard).toEqual(['.done', data]);
  });

  it('comes back as failed after its last attempt', () => {
    const { heard, times } = start(() => {
      throw new Error('no network');
    });
    const data = { request: { clip: 'a.mp4' }, code: 'call-failed', attempts: 3 };
    expect([heard, times]).toEqual([['.failed', data], 3]);
  });

  it('is tried again when its result does not fit', () => {
    const { heard, times } = start(() => ({ label: 'ghost' }), { label: 'none' });
    const data = { request: { clip: 'a.mp4' }, result: { label: 'none' } };
    expect([heard, times]).toEqual([['.done', data], 2]);
  });

  it('that nobody here can perform is published', () => {
    const run = simulation(defineApp({ source: 'urn:acme', parts: [classify, watch] }));
    run.happen({ event: moved('c1', { clip: 'a.mp4' }) });
    expect(run.published.map(({ type }) => type)).toEqual(['com.acme.classify']);
  });
});

describe('the answers of a call', () => {
  const done = { request: { clip: 'a' }, result: { label: 'none' } };
  const failed = { request: { clip: 'a' }, code: 'timeout', attempts: 3 };

  it('fit, and bring nothing else along', () => {
    expect(check(classify.done.data, { ...done, extra: 1 })).toEqual({ value: done });
    expect(check(classify.failed.data, { ...failed, extra: 1 })).toEqual({ value: failed });
  });

  it.each([
    ['done', null, 'request'],
    ['done', { ...done, request: {} }, 'request.clip'],
    ['done', { ...done, result: { label: 'ghost' } }, 'result.label'],
    ['done', { request: done.request }, 'result'],
    ['failed', { ...failed, code: 1 }, 'code'],
    ['failed', { ...failed, attempts: '3' }, 'attempts'],
    ['failed', { ...failed, request: null }, 'request'],
  ] as const)('%s are not %j', (name, value, at) => {
    expect(check<unknown>(classify[name].data, value).issue?.at).toBe(at);
  });
});

describe('defineCall', () => {
  const define = (more: Partial<CallOptions<string, unknown, unknown>>) => () =>
    defineCall<string, unknown, unknown>({ ...options, ...more });

  it.each([
    ['timeoutMs', 0],
    ['timeoutMs', Number.NaN],
    ['timeoutMs', Infinity],
    ['attempts', 0],
    ['attempts', 1.5],
  ])('refuses a %s of %s', (field, given) => {
    expect(define({ [field]: given })).toThrow(
      expect.objectContaining({
        code: 'invalid-definition',
        field,
        message: `The call "com.acme.classify" needs ${field} of at least 1 and whole, not ${given}.`,
      }),
    );
  });

  it('takes one attempt of one millisecond', () => {
    expect(define({ timeoutMs: 1, attempts: 1 })).not.toThrow();
  });

  it('refuses a request and a result that are not plain JSON', () => {
    expect(define({ request: z.date() })).toThrow('a date is not JSON');
    expect(define({ result: z.date() })).toThrow('the result of "com.acme.classify"');
  });

  it('infers the request, and what comes back', () => {
    type Request = { clip: string };
    type Result = { label: 'person' | 'none' };
    expectTypeOf<Parameters<typeof classify>[1]>().toEqualTypeOf<Request>();
    expectTypeOf(classify.done).toEqualTypeOf<
      EventDef<'com.acme.classify.done', Done<Request, Result>>
    >();
    expectTypeOf(classify.failed).toEqualTypeOf<
      EventDef<'com.acme.classify.failed', Failed<Request>>
    >();
    defineHandler({ name: 'n', state: z.null(), initial: null }).on(classify.done, ({ event }) => {
      expectTypeOf(event.data.result.label).toEqualTypeOf<'person' | 'none'>();
      // @ts-expect-error a typo
      void event.data.result.lable;
      return {};
    });
    // @ts-expect-error a typo
    classify('c1', { klip: 'a.mp4' });
  });

  it('tells the function behind it what it gets and has to give', () => {
    const push = defineCall({ ...options, type: 'push', request: z.string(), result: z.number() });
    const calls: CallFunctions<typeof classify | typeof push> = {
      'com.acme.classify': async ({ clip }, { idempotencyKey }) => {
        expectTypeOf(clip).toEqualTypeOf<string>();
        return { label: idempotencyKey === '' ? 'none' : 'person' };
      },
      push: async (text) => text.length,
    };
    expectTypeOf(calls).toExtend<NonNullable<Runtime['calls']>>();
    // @ts-expect-error a typo in the result
    calls['com.acme.classify'] satisfies () => Promise<{ lable: string }>;
    // @ts-expect-error one of them is missing
    const missing: CallFunctions<typeof classify | typeof push> = { push: async () => 1 };
    expect(missing).toBeDefined();
  });
});
