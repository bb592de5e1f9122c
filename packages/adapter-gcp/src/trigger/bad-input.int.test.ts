import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Runtime } from '@hearth/core';
import type { CloudFunction } from '@hearth/emulators/functions-framework';
import { faultyPublisher, faultyStore } from '@hearth/testing';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { binary, eventarc, subscription, type Sent } from '../../test/deliveries.ts';
import { caller, token } from '../../test/google-token.ts';
import { app, reading, world } from '../../test/meter.ts';
import { functionAt } from '../../test/one-function.ts';
import { cloudEvent } from './cloud-event.ts';
import { http } from './http.ts';
import { pubsub } from './pubsub.ts';
import { pubsubEvent } from './pubsub-event.ts';

const principal = { kind: 'service', id: 's' } as const;
const limits = { maxBytes: 2_000 };
const authorization = `Bearer ${await token()}`;
const published = 'google.cloud.pubsub.topic.v1.messagePublished';
const topic = '//pubsub.googleapis.com/projects/acme/topics/readings';

interface Way {
  readonly make: (runtime: Runtime & { readonly timeoutMs?: number }) => CloudFunction;
  readonly send: (body: string | Uint8Array) => Sent | { headers: object; body: Uint8Array };
}

const base64 = (body: string | Uint8Array) => Buffer.from(body).toString('base64');
const push = (body: string | Uint8Array) => ({
  message: { messageId: 'm', data: base64(body) },
  subscription,
});

const triggers: Readonly<Record<string, Way>> = {
  pubsub: {
    make: (runtime) => ({ http: pubsub(app, { ...runtime, caller, principal, limits }) }),
    send: (body) => ({ headers: { authorization }, body: JSON.stringify(push(body)) }),
  },
  pubsubEvent: {
    make: (runtime) => ({ cloudEvent: pubsubEvent(app, { ...runtime, principal, limits }) }),
    send: (body) => eventarc(published, topic, push(body)),
  },
  // What is labelled as JSON is parsed by the framework, which refuses what is none before anybody is asked.
  cloudEvent: {
    make: (runtime) => ({ cloudEvent: cloudEvent(app, { ...runtime, principal, limits }) }),
    send: (body) => ({
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from(body),
    }),
  },
};

// The framework writes what a function throws to standard error.
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

/** Sends bodies one after the other, and gives the statuses. */
async function sendTo(way: Way, runtime: Runtime, bodies: readonly (string | Uint8Array)[]) {
  const url = await functionAt(way.make(runtime));
  const statuses: number[] = [];
  for (const body of bodies) {
    const answer = await fetch(url, { method: 'POST', ...(way.send(body) as RequestInit) });
    await answer.text();
    statuses.push(answer.status);
  }
  return statuses;
}

const isAcknowledged = (status: number) => [200, 202, 204].includes(status);
const good = (id: string) => JSON.stringify(reading(id));
const none = 'unsupported-media-type';

const bad: readonly (readonly [what: string, body: string | Uint8Array, code: string])[] = [
  ['nothing', '', none],
  ['no JSON', 'temp=21', none],
  ['half of an event', good('1').slice(0, 40), 'invalid-event'],
  ['null', 'null', none],
  ['a number', '21.5', none],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00), none],
  ['an event of another version', good('1').replace('1.0', '0.3'), 'invalid-event'],
  ['an event without an id', good('1').replace('"id":"1"', '"id":""'), 'invalid-event'],
  ['an event with a number as id', good('1').replace('"id":"1"', '"id":1'), 'invalid-event'],
  ['an event with a prototype', good('1').replace('{', '{"__proto__":{"a":1},'), 'invalid-event'],
  [
    'an event that is too deep',
    good('1').replace('"by":1', `"by":${'['.repeat(70)}${']'.repeat(70)}`),
    'limit-exceeded',
  ],
  [
    'an event that is too large',
    JSON.stringify(reading('1', 1, 'm1', { note: 'x'.repeat(2_000) })),
    'limit-exceeded',
  ],
  ['data that does not fit', JSON.stringify(reading('1', 'many')), 'invalid-data'],
  [
    'data that is missing',
    JSON.stringify(reading('1', 1, 'm1', { data: undefined })),
    'invalid-data',
  ],
  ['a push inside of a push', JSON.stringify(push(good('1'))), none],
];

describe.each(Object.keys(triggers))('%s', (trigger) => {
  const way = triggers[trigger] as Way;
  const send = (runtime: Runtime, ...bodies: readonly (string | Uint8Array)[]) =>
    sendTo(way, runtime, bodies);

  it.each(bad)('acknowledges and buries %s', async (_, body, code) => {
    const at = world();
    const [status = 0] = await send(at.runtime, body);
    expect(isAcknowledged(status)).toBe(true);
    // A function of CloudEvents expects nothing else, so what is none is an event that is not valid.
    const expected = trigger === 'cloudEvent' && code === none ? 'invalid-event' : code;
    expect(at.codes()).toEqual([expected]);
    expect((await at.state()).sum).toBe(0);
  });

  it('keeps apart what has one id and other content, and buries the second', async () => {
    const at = world();
    const statuses = await send(at.runtime, good('1'), good('1'), JSON.stringify(reading('1', 5)));
    expect(statuses.every(isAcknowledged)).toBe(true);
    expect((await at.state()).sum).toBe(1);
    expect(at.codes()).toEqual(['id-reused']);
  });

  it('brings again what a throttled store cannot take', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'full');
    const [status = 0] = await send({ ...at.runtime, store }, good('1'));
    expect(status).toBeGreaterThanOrEqual(500);
    expect(at.codes()).toEqual([]);
  });

  it('publishes the seven of ten that a publisher takes, and brings the rest again', async () => {
    const at = world();
    let isFailing = true;
    const publisher = faultyPublisher(at.publisher, ({ id }) =>
      isFailing && failing.has(id) ? 'failed' : undefined,
    );
    const bodies = Array.from({ length: 10 }, (_, i) => JSON.stringify(reading('1', 1, `m${i}`)));
    const dry = world();
    await send(dry.runtime, ...bodies);
    const ids = dry.publisher.published.map(({ event }) => event.id);
    const failing = new Set([ids[1], ids[4], ids[9]]);
    const statuses = await send({ ...at.runtime, publisher }, ...bodies);
    expect(statuses.map(isAcknowledged).filter((done) => !done)).toHaveLength(3);
    expect(at.publisher.published).toHaveLength(7);
    isFailing = false;
    await send({ ...at.runtime, publisher }, ...bodies);
    expect(at.publisher.published.map(({ event }) => event.id).toSorted()).toEqual(ids.toSorted());
  });

  it('begins nothing near the end of its time', async () => {
    const at = world();
    const store = { ...at.store, load: () => Promise.reject(new Error('begun')) };
    const [status = 0] = await send({ ...at.runtime, store, timeoutMs: 1 } as Runtime, good('1'));
    expect(status).toBeGreaterThanOrEqual(500);
    expect(at.publisher.published).toEqual([]);
  });
});

describe('a push that is none', () => {
  const odd: readonly (readonly [what: string, body: string])[] = [
    ['nothing', ''],
    ['no JSON', 'x'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['no message', '{"subscription":"s"}'],
    ['a message that is a text', '{"message":"x"}'],
    ['a message without an id', '{"message":{"data":"e30="}}'],
    ['an id that is a number', '{"message":{"messageId":7}}'],
    ['data that is no base64', '{"message":{"messageId":"1","data":"%%"}}'],
    ['data that is an object', '{"message":{"messageId":"1","data":{}}}'],
    ['100,000 brackets', '['.repeat(100_000)],
  ];

  it.each(odd)('is acknowledged and buried, with its text: %s', async (_, body) => {
    const at = world();
    const { make } = triggers['pubsub'] as Way;
    const url = await functionAt(make(at.runtime));
    const headers = { authorization, 'content-type': 'text/plain' };
    const { status } = await fetch(url, { method: 'POST', headers, body });
    expect(status).toBe(204);
    expect(at.letters()).toMatchObject([{ code: 'invalid-event', raw: body.slice(0, 65_536) }]);
  });

  it('is let in by nobody without a valid token, and leaves no trace', async () => {
    const at = world();
    const { make, send } = triggers['pubsub'] as Way;
    const url = await functionAt(make(at.runtime));
    const { body } = send(good('1')) as Sent;
    for (const forged of [
      undefined,
      `Bearer ${await token({ aud: 'https://other.example' })}`,
      `Bearer ${await token({ email: 'mallory@acme.iam.gserviceaccount.com' })}`,
    ]) {
      const headers = forged === undefined ? {} : { authorization: forged };
      expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401);
    }
    expect((await fetch(url)).status).toBe(405);
    expect(await at.state()).toEqual({ sum: 0, ids: [] });
    expect(at.letters()).toEqual([]);
  });
});

describe('a request on Cloud Run, without the framework,', () => {
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const headers = { 'content-type': 'application/cloudevents+json' };

  it('is read to its end, and refused with an answer if it is too large', async () => {
    const at = world();
    const handler = http(app, { ...at.runtime, authenticate: principal, limits });
    const url = await serve((request, response) => void handler(request, response));
    expect((await fetch(url, { method: 'POST', headers, body: good('1') })).status).toBe(202);
    const body = 'x'.repeat(200_000);
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(413);
    expect((await at.state()).ids).toEqual(['1']);
  });

  it('is read whatever has parsed its body before', async () => {
    const at = world();
    const handler = http(app, { ...at.runtime, authenticate: principal });
    const parsed = [reading('1'), good('2'), Buffer.from(good('3'))];
    const url = await serve((request, response) => {
      request.resume().on('end', () => {
        void handler(Object.assign(request, { body: parsed.shift() }), response);
      });
    });
    for (let n = 0; n < 3; n += 1) {
      expect((await fetch(url, { method: 'POST', headers, body: 'x' })).status).toBe(202);
    }
    expect((await at.state()).ids).toEqual(['1', '2', '3']);
  });
});

describe('a request to http', () => {
  const request = async (body: string | Uint8Array, headers: Record<string, string>, rest = {}) => {
    const at = world();
    const options = { ...at.runtime, authenticate: principal, limits, batch: true, ...rest };
    const url = await functionAt({ http: http(app, options) });
    const answer = await fetch(url, { method: 'POST', headers, body: body as string });
    expect(await answer.text()).not.toContain('Error');
    return { status: answer.status, codes: at.codes(), ids: (await at.state()).ids };
  };
  const batch = { 'content-type': 'application/cloudevents-batch+json' };

  it.each([
    ['without a content type', 'x', {}, 415],
    ['of another content type', '{}', { 'content-type': 'application/json' }, 415],
    ['that is too large', 'x'.repeat(2_001), batch, 413],
    ['that is no list', '{}', batch, 400],
  ])('%s is refused', async (_, body, headers, status) => {
    expect(await request(body, headers)).toEqual({ status, codes: [], ids: [] });
  });

  it.each([0, 1, 2])('of a batch takes no others with what is no event, at %d', async (index) => {
    const elements: unknown[] = [reading('1'), reading('2')];
    elements.splice(index, 0, { specversion: '1.0' });
    const { status, codes, ids } = await request(JSON.stringify(elements), batch);
    expect({ status, codes, ids }).toEqual({
      status: 202,
      codes: ['invalid-event'],
      ids: ['1', '2'],
    });
  });

  it('may hold an event in binary mode', async () => {
    const { headers, body } = binary({ event: reading('1 ü'), principal });
    expect(await request(body, headers)).toEqual({ status: 202, codes: [], ids: ['1 ü'] });
  });

  it('is not let in without a principal, and tried again if that cannot be found out', async () => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    const nobody = await request(good('1'), headers, { authenticate: () => undefined });
    expect(nobody).toMatchObject({ status: 401, ids: [] });
    const fails = () => Promise.reject(new Error('no keys'));
    expect(await request(good('1'), headers, { authenticate: fails })).toMatchObject({
      status: 503,
    });
  });
});
