import { defineApp, defineEvent, defineHandler } from '@hearth/core';
import { faultyStore } from '@hearth/testing';
import { fromHttp } from '@hearth/emulators/azure-host';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { app, bytes, reading, world } from '../../test/meter.ts';
import { freshName, worker } from '../../test/worker.ts';
import { decodeHttp, http, type HttpOptions } from '../index.ts';

const structured = { 'content-type': 'application/cloudevents+json' };
const service = { kind: 'service', id: 's' } as const;

function door(options: Partial<HttpOptions> = {}, at = world(), served = app) {
  const name = freshName();
  worker.app.http(name, http(served, { ...at.runtime, authenticate: service, ...options }));
  const send = (
    body: unknown,
    headers: Readonly<Record<string, string>> = structured,
    method = 'POST',
  ) => fromHttp(worker, name, { method, headers, body: bytes(body) });
  return { at, send, name };
}

describe('a function that takes requests', () => {
  it('wants the key of the function, and POST only', () => {
    const { name } = door();
    const [binding] = Object.values(worker.metadata(name).bindings);
    expect(binding).toMatchObject({ authLevel: 'function', methods: ['POST'] });
  });

  it('says where it is and who may come, if told so', () => {
    const webhook = { origins: ['eventgrid.azure.net'] };
    const { name } = door({ route: 'events', authLevel: 'anonymous', webhook });
    const [binding] = Object.values(worker.metadata(name).bindings);
    expect(binding).toMatchObject({ route: 'events', authLevel: 'anonymous' });
    expect(binding).toMatchObject({ methods: ['POST', 'OPTIONS'] });
    expect(JSON.stringify(binding)).not.toContain('origins');
  });

  it('takes a batch if asked to', async () => {
    const type = { 'content-type': 'application/cloudevents-batch+json' };
    const batch = [reading('1'), reading('2')];
    expect((await door().send(batch, type)).status).toBe(415);
    const { at, send } = door({ batch: true });
    expect((await send(batch, type)).status).toBe(202);
    expect((await at.state()).ids).toEqual(['1', '2']);
  });

  it('answers with a reply in the mode in which it was asked, if one is preferred', async () => {
    const asked = defineEvent('com.acme.asked', z.object({}));
    const state = z.object({ on: z.boolean() });
    const door1 = defineHandler({ name: 'door', state, initial: { on: true } }).on(
      asked,
      ({ state: { on } }) => ({ reply: { on } }),
    );
    const { send } = door({}, world(), defineApp({ source: 'urn:acme', parts: [door1] }));
    const event = reading('1', 1, 'd1', { type: 'com.acme.asked', data: {} });
    const answer = await send(event, { ...structured, prefer: 'reply' });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      type: 'com.acme.asked.reply',
      data: { on: true },
    });
    expect((await send(event)).status).toBe(202);
  });

  it('continues the trace of the request', async () => {
    const traces: unknown[] = [];
    const at = world();
    const tracing = {
      start: (_: string, { parent }: { readonly parent?: string | undefined }) => {
        traces.push(parent);
        return {
          traceparent: () => undefined,
          set: () => undefined,
          fail: () => undefined,
          end: () => undefined,
        };
      },
    };
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await door({ tracing }, at).send(reading('1'), { ...structured, traceparent });
    expect(traces).toContain(traceparent);
  });
});

describe('the handshake of a webhook', () => {
  const ask = { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '100' };
  const webhook = { origins: ['eventgrid.azure.net'] };

  it('gives consent to who is listed, without asking who they are', async () => {
    const { send } = door({ webhook, authenticate: () => undefined });
    const { status, headers } = await send('', ask, 'OPTIONS');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'webhook-allowed-origin': 'eventgrid.azure.net',
      'webhook-allowed-rate': '100',
    });
  });

  it('gives none to others', async () => {
    const { send } = door({ webhook });
    const { headers } = await send('', { 'webhook-request-origin': 'evil.example' }, 'OPTIONS');
    expect(headers['webhook-allowed-origin']).toBeUndefined();
  });

  it('is refused where none is wanted', async () => {
    expect((await door().send('', ask, 'OPTIONS')).status).toBe(405);
  });

  it('wants hosts by name', () => {
    expect(() => door({ webhook: { origins: ['*'] } })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'webhook.origins' }),
    );
  });
});

describe('a request is answered with', () => {
  const large = reading('1', 1, 'm1', { note: 'x'.repeat(3000) });
  const limits = { maxBytes: 2000 };

  it.each<[number, string, unknown, Record<string, string>, Partial<HttpOptions>]>([
    [400, 'no body', '', structured, {}],
    [400, 'no JSON', '{', structured, {}],
    [400, 'no event', {}, structured, {}],
    [400, 'bytes that are no text', Buffer.from([0x7b, 0xff]).toString('latin1'), structured, {}],
    [413, 'a body that is too long', large, structured, { limits }],
    [
      413,
      'a body that says that it is',
      {},
      { ...structured, 'content-length': '9999' },
      { limits },
    ],
    [415, 'another type', {}, { 'content-type': 'application/json' }, {}],
    [415, 'no type', {}, {}, {}],
    [401, 'nobody', reading('1'), structured, { authenticate: () => undefined }],
    [401, 'null', reading('1'), structured, { authenticate: () => null as never }],
    [
      503,
      'a proof that cannot be checked',
      reading('1'),
      structured,
      { authenticate: () => Promise.reject(new Error('x')) },
    ],
    [
      503,
      'a principal that is none',
      reading('1'),
      structured,
      { authenticate: () => ({ kind: 'user' }) as never },
    ],
    [
      403,
      'a rejection where the sender keeps dead letters',
      reading('1'),
      structured,
      { rejected: 'refuse', authenticate: { kind: 'device', id: 'm2' } },
    ],
    [422, 'a step that rejects there', reading('1', 14), structured, { rejected: 'refuse' }],
    [202, 'a step that rejects', reading('1', 14), structured, {}],
    [202, 'a type that nobody knows', reading('1', 1, 'm1', { type: 'x' }), structured, {}],
  ])('%i: %s', async (status, _, body, headers, options) => {
    const { send } = door(options);
    const answer = await send(body, headers);
    expect([answer.status, answer.body]).toEqual([status, '']);
  });

  it('503, and when to come again, while the store is down', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'down');
    const { status, headers } = await door({ store }, at).send(reading('1'));
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });

  it('503 near the end of its time', async () => {
    expect((await door({ timeoutMs: 1 }).send(reading('1'))).status).toBe(503);
  });

  it('405, whatever else a user lets in', async () => {
    const name = freshName();
    const { handler } = http(app, { ...world().runtime });
    worker.app.http(name, { methods: ['GET'], handler });
    expect((await fromHttp(worker, name, { method: 'GET' })).status).toBe(405);
  });

  it('nothing is read of who is not let in', async () => {
    const { handler } = http(app, { ...world().runtime, authenticate: () => undefined });
    const body = {
      [Symbol.asyncIterator]: () => {
        throw new Error('read');
      },
    };
    const request = { method: 'POST', url: 'https://a/', headers: new Headers(structured), body };
    const context = {
      invocationId: '1',
      functionName: 'f',
      debug() {},
      info() {},
      warn() {},
      error() {},
    };
    expect((await handler(request, context)).status).toBe(401);
  });
});

it('a request can be read without being handled', async () => {
  const body = JSON.stringify(reading('1'));
  const request = new Request('https://a/', { method: 'POST', headers: structured, body });
  const { mode, inputs } = await decodeHttp(request, { principal: service });
  expect([mode, inputs]).toEqual(['structured', [{ event: reading('1'), principal: service }]]);
});
