import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineApp } from '../app/define-app.ts';
import type { Handled } from '../app/input.ts';
import { defineEvent } from '../model/event.ts';
import { defineHandler } from '../model/handler.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore } from '../ports/memory-store.ts';
import type { Runtime } from '../ports/runtime.ts';
import { httpHandling, httpReceiver, type HttpReceiverOptions } from './http-receiver.ts';

const rung = defineEvent('rung', z.object({}));
const door = defineHandler({ name: 'door', state: z.number(), initial: 0 }).on(
  rung,
  ({ state }) => ({ state: state + 1, reply: { rings: state + 1 } }),
);
const app = defineApp({ source: 'urn:house', parts: [door] });
const principal = { kind: 'service', id: 'broker' } as const;
const event = { specversion: '1.0', id: '1', source: '/bell', type: 'rung', subject: 'd1' };
const body = JSON.stringify({ ...event, data: {} });
const headers = { 'content-type': 'application/cloudevents+json' };

function start(options: HttpReceiverOptions = {}, more: Partial<Runtime> = {}) {
  const counts: unknown[] = [];
  const runtime: Runtime = {
    store: memoryStore(),
    publisher: memoryPublisher(),
    clock: {
      now: () => 1000,
      sleep: async () => undefined,
      within: (_, work) => work(undefined as never),
    },
    count: (name, _, attributes) =>
      void (name === 'refused' && counts.push(attributes?.['status'])),
    ...more,
  };
  return { receive: httpReceiver(app, runtime, options), counts, runtime };
}

const verdict = (handled: Handled) => ({ handle: async () => [handled] });

describe('a request is answered with', () => {
  it.each([
    [202, 'done', {}, {}],
    [409, 'a conflict', verdict({ verdict: 'retry', code: 'conflict' }), {}],
    [503, 'a failure that passes', verdict({ verdict: 'retry', code: 'timeout' }), {}],
    [202, 'a rejection', verdict({ verdict: 'rejected', code: 'jammed' }), {}],
    [
      422,
      'a refusal',
      { ...verdict({ verdict: 'rejected', code: 'jammed' }), rejected: 'refuse' },
      {},
    ],
    [
      403,
      'a false sender',
      { ...verdict({ verdict: 'rejected', code: 'not-permitted' }), rejected: 'refuse' },
      {},
    ],
    [400, 'no event', {}, { body: '{}' }],
    [413, 'too much', { limits: { maxBytes: 9 } }, {}],
    [415, 'another type', {}, { headers: {} }],
    [
      415,
      'a batch that nobody asked for',
      {},
      { headers: { 'content-type': 'application/cloudevents-batch+json' } },
    ],
    [401, 'no proof', {}, { principal: undefined }],
    [503, 'a proof that cannot be checked', {}, { principal: 'unknown' }],
    [405, 'another method', {}, { method: 'PUT' }],
    [405, 'a handshake that nobody asked for', {}, { method: 'OPTIONS' }],
  ] as const)('%i for %s', async (status, _, options, request) => {
    const { receive, counts } = start(options);
    const answer = await receive({ headers, body, principal, ...request });
    expect([answer.status, answer.body]).toEqual([status, undefined]);
    expect(counts).toEqual(status >= 400 && status < 500 ? [String(status)] : []);
  });

  it('the reply of a step, for who wants one', async () => {
    const { receive } = start();
    const answer = await receive({ headers: { ...headers, Prefer: 'reply' }, body, principal });
    expect(answer.status).toBe(200);
    expect(JSON.parse(String(answer.body))).toMatchObject({
      type: 'rung.reply',
      data: { rings: 1 },
    });
  });

  it('202, if the reply cannot be an event', async () => {
    const { receive } = start({ replyType: () => '' });
    const answer = await receive({ headers: { ...headers, prefer: 'reply' }, body, principal });
    expect(answer.status).toBe(202);
  });

  it('500 for a bug', async () => {
    const { receive } = start({ handle: () => Promise.reject(new TypeError('ours')) });
    expect(await receive({ headers, body, principal })).toEqual({ status: 500 });
  });

  it('consent, for a webhook that is listed', async () => {
    const { receive } = start({ webhook: { origins: ['events.example'] } });
    const asks = { 'WebHook-Request-Origin': 'events.example' };
    const answer = await receive({ method: 'OPTIONS', headers: asks, principal: undefined });
    expect(answer.headers).toMatchObject({ 'webhook-allowed-origin': 'events.example' });
  });
});

describe('the inputs of a request', () => {
  const input = { event: { ...event, specversion: '1.0', data: {} }, principal } as const;

  it.each([
    ['that of the host', {}, 1200, 'retry'],
    ['its own, if that is sooner', { deadlineMs: 200 }, 90_000, 'retry'],
    ['that of the host, if that is sooner', { deadlineMs: 90_000 }, 1200, 'retry'],
    ['neither, if both are far', { deadlineMs: 90_000 }, 90_000, 'done'],
  ])('are handled by a deadline: %s', async (_, options, deadline, is) => {
    const { runtime } = start();
    const handled = await httpHandling(app, runtime, options)([input], deadline);
    expect(handled).toMatchObject([{ verdict: is }]);
  });

  it('leave their dead letters to a sender that files them', async () => {
    const { runtime } = start();
    const publisher = memoryPublisher();
    const bad = { ...input, event: { ...input.event, data: 7 } };
    const [own, host] = (['accept', 'refuse'] as const).map((rejected) =>
      httpHandling(app, { ...runtime, publisher }, { rejected }),
    );
    expect(await host?.([bad])).toMatchObject([{ verdict: 'rejected' }]);
    expect(publisher.published).toEqual([]);
    expect(await own?.([bad])).toMatchObject([{ verdict: 'rejected' }]);
    expect(publisher.published).toHaveLength(1);
  });
});
