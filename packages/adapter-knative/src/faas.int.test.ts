import type { App, DeadLetter, Runtime } from '@hearth/core';
import { encodeHttpBinary, encodeHttpStructured } from '@hearth/core/event';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { startFaas } from '@hearth/emulators/faas-js';
import { triggerCases } from '@hearth/testing/conformance';
import type { OpenTrigger } from '@hearth/testing/conformance';
import { faultyStore } from '@hearth/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { app as house, asked, eventOf, rung } from '../test/door.ts';
import { latch } from '../test/latch.ts';
import { opener, sender, silent, single } from '../test/sending.ts';
import { sharedToken, trustedHeader } from './auth.ts';
import { faas, type FaasOptions } from './faas.ts';

async function byFaas(app: App, runtime: Runtime) {
  const how = runtime.sweep === true ? 'elsewhere' : 'none';
  const options = { ...runtime, logger: silent, authenticate: sender, sweeper: how } as const;
  const { url, stop } = await startFaas(faas(app, options));
  return { url, close: stop };
}

// What is sent in structured mode and is no valid event, the runtime answers with 500 by itself.
const unread = 'buries JSON that is no event';
const ways: readonly (readonly [name: string, open: OpenTrigger, not: readonly string[]])[] = [
  ['in structured mode', opener(byFaas, single(encodeHttpStructured)), [unread]],
  [
    'in binary mode',
    opener(byFaas, single(encodeHttpBinary)),
    // A header is text: numbers and booleans of extensions that nobody knows stay texts.
    [unread, 'hands on an event as it was sent'],
  ],
];

describe.each(ways)('faas-js-runtime, %s,', (_, open, not) => {
  it.each(triggerCases.filter(({ name }) => !not.includes(name)))('$name', ({ run }) => run(open));
});

/** Runs the door as a function for one test. */
async function running(options: Partial<FaasOptions> = {}) {
  const store = options.store ?? memoryStore();
  const publisher = memoryPublisher();
  const authenticate = { kind: 'service', id: 'broker' } as const;
  const door = faas(house, {
    store,
    publisher,
    authenticate,
    logger: silent,
    sweeper: 'none',
    ...options,
  });
  const { url, stop } = await startFaas(door);
  onTestFinished(stop);
  const post = (
    body: string,
    headers: Readonly<Record<string, string>> = {},
    path = '/',
  ): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json', ...headers },
      body,
    });
  return { url, door, publisher, post };
}

const ring = JSON.stringify(eventOf(rung.type));

describe('a Knative Function', () => {
  it('replies to who wants a reply', async () => {
    const { post } = await running();
    const answer = await post(JSON.stringify(eventOf(asked.type)), { prefer: 'reply' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/cloudevents+json; charset=utf-8',
    ]);
    expect(await answer.json()).toMatchObject({ type: `${asked.type}.reply` });
  });

  it('tells data that is null from no data', async () => {
    const deadLetters = memoryPublisher();
    const { post } = await running({ deadLetters });
    const { data: _, ...attributes } = eventOf(rung.type);
    const named = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]);
    const headers = Object.fromEntries(named) as Readonly<Record<string, string>>;
    await post('null', { ...headers, 'content-type': 'application/json' });
    const [letter] = deadLetters.published.map(({ event }) => event.data as DeadLetter);
    expect([letter?.code, letter?.event?.data]).toEqual(['invalid-data', null]);
  });

  it('lets nobody in who proves nothing', async () => {
    const principal = { kind: 'service', id: 'hook' } as const;
    const { post } = await running({
      authenticate: sharedToken({ tokens: ['secret'], principal }),
    });
    const answers = [
      await post(ring),
      await post(ring, { authorization: 'Bearer secret' }),
      await post(ring, {}, '/?access_token=secret'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 202, 202]);
  });

  it('takes no parameter of the query for a header', async () => {
    const { post, publisher } = await running({
      authenticate: trustedHeader({ name: 'x-device', kind: 'device' }),
    });
    const answers = [
      await post(ring, {}, '/?headers=x-device'),
      await post(ring, {}, '/?headers=a&headers=b'),
      await post(ring, {}, '/?headers[x-device]=d1'),
      await post(ring, {}, '/?x-device=d1'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 401, 401]);
    expect(publisher.published).toEqual([]);
  });

  it('takes events by POST only', async () => {
    const { url } = await running();
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('is not ready while its store does not answer', async () => {
    const { url } = await running({ store: faultyStore(memoryStore(), () => 'down') });
    expect((await fetch(`${url}/health/readiness`)).status).toBe(503);
    expect((await fetch(`${(await running()).url}/health/readiness`)).status).toBe(200);
  });

  it('finishes what is in progress before it is shut down', async () => {
    const inner = memoryStore();
    const gate = latch();
    const begun = latch();
    const load: typeof inner.load = async (keys) => {
      begun.open();
      await gate.opened;
      return inner.load(keys);
    };
    const { post, door } = await running({ store: { ...inner, load } });
    const answer = post(ring);
    await begun.opened;
    const order: string[] = [];
    const down = door.shutdown().then(() => order.push('down'));
    gate.open();
    expect((await answer).status).toBe(202);
    await down;
    expect(order).toEqual(['down']);
  });

  // What the runtime does by itself, before the function is asked.
  it.each([
    ['a batch', 'application/cloudevents-batch+json', `[${ring}]`, 500],
    ['an event that is not valid', 'application/cloudevents+json', '{"specversion":"1.0"}', 500],
    ['a body that is no JSON', 'application/json', '{', 400],
    ['a body that is too large', 'text/plain', 'x'.repeat(2 ** 20 + 1), 413],
  ])('cannot help that %s is answered by the runtime', async (_, type, body, status) => {
    const { post } = await running();
    expect((await post(body, { 'content-type': type })).status).toBe(status);
  });

  it.each([
    ['no event', 'application/json', '{}', 415],
    ['a form', 'application/x-www-form-urlencoded', 'a=1', 415],
    ['nothing', 'text/plain', '', 415],
  ])('refuses %s', async (_, type, body, status) => {
    const { post } = await running();
    expect((await post(body, { 'content-type': type })).status).toBe(status);
  });
});
