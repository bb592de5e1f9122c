import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp, defineEvent, defineHandler, ask, handle } from '../index.ts';
import type { CloudEvent, Principal, Runtime } from '../index.ts';
import { memoryPublisher, memoryStore } from '../ports/index.ts';

const asked = defineEvent('asked', z.object({ who: z.string() }));
const query = defineEvent('query', z.object({}));
const told = defineEvent('told', z.object({ n: z.number() }));
const woken = defineEvent('woken', z.object({ n: z.number() }));

// A desk passes the question on to a device, which answers when it has been heard.
const desk = defineHandler({ name: 'desk', state: z.null(), initial: null }).on(
  asked,
  ({ event }) => ({ emit: query(event.data.who, {}) }),
);
const device = defineHandler({
  name: 'device',
  state: z.object({ question: z.string().optional() }),
  initial: {},
})
  .on(query, ({ event }) =>
    event.subject === 'broken'
      ? { reject: { code: 'jammed' } }
      : { state: { question: event.correlationid ?? event.id } },
  )
  .on(told, ({ event }) => ({ reply: event.data.n }))
  .on(woken, ({ state, event }) => ({
    state: {},
    reply: event.data.n,
    replyTo: state.question,
  }));
const app = defineApp({ source: 'urn:acme', parts: [desk, device] });

const service: Principal = { kind: 'service', id: 'test' };

function start() {
  let late: () => void = () => undefined;
  const runtime: Runtime = {
    store: memoryStore(),
    publisher: memoryPublisher(),
    clock: {
      now: () => 0,
      // Conflicts are fought out at once; only a question takes its time.
      sleep: (ms) =>
        ms < 1000 ? Promise.resolve() : new Promise<void>((resolve) => (late = resolve)),
      within: (_, work) => work(new AbortController().signal),
    },
  };
  let count = 0;
  const event = (type: string, subject: string, data: object, more: object = {}): CloudEvent => {
    count += 1;
    return { specversion: '1.0', id: `e${count}`, source: 's', type, subject, data, ...more };
  };
  const question = (who = 'd1') => {
    const one = event('asked', 'h1', { who }, { id: 'q1' });
    return ask(app, { event: one, principal: service }, runtime, { withinMs: 1000 });
  };
  const says = (principal: Principal, one: CloudEvent) =>
    handle(app, [{ event: one, principal }], runtime);
  return { runtime, event, question, says, late: () => late() };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a question is answered by', () => {
  it('what the device that it led to says to it', async () => {
    const { question, says, event } = start();
    const answer = question();
    await settled();
    await says(
      { kind: 'device', id: 'd1' },
      event('told', 'd1', { n: 7 }, { correlationid: 'q1' }),
    );
    expect(await answer).toEqual({ outcome: 'answered', reply: 7 });
  });

  it('a step that names it, whatever led to that step', async () => {
    const { question, says, event } = start();
    const answer = question();
    await settled();
    expect(await says({ kind: 'device', id: 'd1' }, event('woken', 'd1', { n: 7 }))).toEqual([
      { verdict: 'done' },
    ]);
    expect(await answer).toEqual({ outcome: 'answered', reply: 7 });
  });

  it('a rejection of what it led to', async () => {
    const { question } = start();
    expect(await question('broken')).toEqual({ outcome: 'rejected', code: 'jammed' });
  });
});

it('is answered by another process, if it looks for that', async () => {
  const { runtime, event, late } = start();
  const input = { event: event('query', 'd1', {}, { id: 'q1' }), principal: service };
  let looked = () => undefined as void;
  const looks = new Promise<void>((resolve) => (looked = resolve));
  const clock = {
    ...runtime.clock,
    sleep: (ms: number) =>
      ms === 50
        ? new Promise<void>((resolve) => setImmediate(() => resolve(looked())))
        : runtime.clock.sleep(ms),
  };
  const here = { ...runtime, clock };
  const answer = ask(app, input, here, { withinMs: 1000, pollMs: 50 });
  await looks;
  // Another store object on the same records is another process.
  const there = { ...runtime, store: { ...runtime.store } };
  const wakes = { event: event('woken', 'd1', { n: 7 }), principal: service };
  await handle(app, [wakes], there);
  expect(await answer).toEqual({ outcome: 'answered', reply: 7 });
  late();
});

it('is to be asked again when it could not be handled', async () => {
  const { runtime, event } = start();
  const store = { ...runtime.store, load: () => Promise.reject(new Error('down')) };
  const input = { event: event('asked', 'h1', { who: 'd1' }), principal: service };
  expect(await ask(app, input, { ...runtime, store }, { withinMs: 1000 })).toEqual({
    outcome: 'retry',
    code: 'store-unavailable',
  });
});

it('is answered together with others that wait for the same', async () => {
  const all = defineHandler({ name: 'all', state: z.array(z.string()), initial: [] })
    .on(asked, ({ state, event }) => ({ state: [...state, event.id] }))
    .on(woken, ({ state, event }) => ({ state: [], reply: event.data.n, replyTo: state }));
  const both = defineApp({ source: 'urn:acme', parts: [all] });
  const { runtime, event } = start();
  const answers = ['q1', 'q2'].map((id) => {
    const one = event('asked', 'd1', { who: 'd1' }, { id });
    return ask(both, { event: one, principal: service }, runtime, { withinMs: 1000 });
  });
  await settled();
  await settled();
  const wakes = () =>
    handle(both, [{ event: event('woken', 'd1', { n: 7 }), principal: service }], runtime);
  expect(await wakes()).toEqual([{ verdict: 'done' }]);
  expect(await Promise.all(answers)).toEqual([
    { outcome: 'answered', reply: 7 },
    { outcome: 'answered', reply: 7 },
  ]);
  // Nobody waits any more.
  expect(await wakes()).toEqual([{ verdict: 'done' }]);
});

describe('a question is not answered by', () => {
  it('somebody who copies its correlationid', async () => {
    const { question, says, event, late } = start();
    const answer = question();
    await settled();
    await says(
      { kind: 'device', id: 'd2' },
      event('told', 'd2', { n: 7 }, { correlationid: 'q1' }),
    );
    late();
    expect(await answer).toEqual({ outcome: 'deferred' });
  });

  it('a step that answers another one', async () => {
    const { question, says, event, late } = start();
    const answer = question();
    await settled();
    await says(service, event('query', 'd1', {}, { correlationid: 'q0' }));
    await says({ kind: 'device', id: 'd1' }, event('woken', 'd1', { n: 7 }));
    late();
    expect(await answer).toEqual({ outcome: 'deferred' });
  });
});

it('needs a reply to answer another question', async () => {
  const mute = defineHandler({ name: 'mute', state: z.null(), initial: null }).on(query, () => ({
    replyTo: 'q1',
  }));
  const { runtime, event } = start();
  const input = { event: event('query', 'd1', {}), principal: service, attempt: 1 };
  const [handled] = await handle(
    defineApp({ source: 'urn:acme', parts: [mute] }),
    [input],
    runtime,
  );
  expect(handled).toMatchObject({ verdict: 'retry', code: 'invalid-output' });
});
