import { setImmediate as turn } from 'node:timers/promises';
import type { Runtime } from '@hearth/core';
import { memoryPublisher } from '@hearth/core/ports';
import { faultyPublisher, faultyStore } from '@hearth/testing';
import {
  fromEventGrid,
  fromEventHub,
  fromServiceBus,
  type BusMessage,
  type HubMessage,
} from '@hearth/emulators/azure-host';
import { describe, expect, it } from 'vitest';
import { app, bytes, reading, world } from '../../test/meter.ts';
import { freshName, stamp, worker } from '../../test/worker.ts';
import { blob, decodeEventHub, decodeServiceBus } from '../index.ts';
import { eventGrid, eventHub, iotHub, serviceBus, type FunctionContext } from '../index.ts';

const place = { connection: 'C', eventHubName: 'h', queueName: 'q' };
const service = { kind: 'service', id: 's' } as const;
const limits = { maxBytes: 2000 };

/** Sends bodies, one after the other in one delivery where the host has deliveries of several. */
type Send = (runtime: Runtime, bodies: readonly (string | Uint8Array)[]) => Promise<unknown>;

const hub =
  (make: typeof eventHub | typeof iotHub): Send =>
  (runtime, bodies) => {
    const name = freshName();
    const options = { ...runtime, ...place, principal: service, limits };
    worker.app.eventHub(name, make(app, options));
    const systemProperties = stamp({ id: 'm1' });
    const messages = bodies.map((body): HubMessage => ({
      body: Buffer.from(body),
      systemProperties,
    }));
    return fromEventHub(worker, name, messages);
  };

const bus =
  (cardinality: 'one' | 'many'): Send =>
  async (runtime, bodies) => {
    const name = freshName();
    const options = { ...runtime, ...place, cardinality, principal: service, limits };
    worker.app.serviceBusQueue(name, serviceBus(app, options));
    const messages = bodies.map((body): BusMessage => ({
      body: Buffer.from(body),
      messageId: 'x',
    }));
    const runs = cardinality === 'many' ? [messages] : messages.map((message) => [message]);
    for (const run of runs) await fromServiceBus(worker, name, run);
  };

const telemetry: Send = async (runtime, bodies) => {
  const name = freshName();
  worker.app.eventGrid(name, eventGrid(app, { ...runtime, telemetry: true, limits }));
  for (const [index, body] of bodies.entries()) {
    const systemProperties = stamp({ id: 'm1' });
    const data = { body: Buffer.from(body).toString('base64'), properties: {}, systemProperties };
    const head = {
      id: `g${index}`,
      topic: '/iothubs/a',
      eventType: 'Microsoft.Devices.DeviceTelemetry',
    };
    await fromEventGrid(worker, name, { ...head, subject: 'devices/m1', data });
  }
};

const triggers: Readonly<Record<string, Send>> = {
  eventHub: hub(eventHub),
  iotHub: hub(iotHub),
  'serviceBus, one': bus('one'),
  'serviceBus, many': bus('many'),
  'eventGrid, telemetry': telemetry,
};

const good = (id: string) => JSON.stringify(reading(id));
const bad: readonly (readonly [what: string, body: string | Uint8Array, code: string])[] = [
  ['nothing', '', 'unsupported-media-type'],
  ['no JSON', 'temp=21', 'unsupported-media-type'],
  ['half of an event', good('1').slice(0, 40), 'invalid-event'],
  ['a brace and a version', '{"specversion":"1.0","id":"1",', 'invalid-event'],
  ['null', 'null', 'unsupported-media-type'],
  ['a number', '21.5', 'unsupported-media-type'],
  ['a list of events', `[${good('1')}]`, 'unsupported-media-type'],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00), 'unsupported-media-type'],
  [
    'an event in bytes that are no text',
    Buffer.concat([bytes(good('1')), Uint8Array.of(0xff)]),
    'unsupported-media-type',
  ],
  ['an event of another version', good('1').replace('1.0', '0.3'), 'invalid-event'],
  ['an event without an id', good('1').replace('"id":"1"', '"id":""'), 'invalid-event'],
  [
    'an event with an id that is a number',
    good('1').replace('"id":"1"', '"id":1'),
    'invalid-event',
  ],
  ['an event with a prototype', good('1').replace('{', '{"__proto__":{"a":1},'), 'invalid-event'],
  [
    'an event that is too deep',
    good('1').replace('"by":1', `"by":${'['.repeat(70)}${']'.repeat(70)}`),
    'limit-exceeded',
  ],
  [
    'an event that is too large',
    JSON.stringify(reading('1', 1, 'm1', { note: 'x'.repeat(2000) })),
    'limit-exceeded',
  ],
  ['data that does not fit', JSON.stringify(reading('1', 'many')), 'invalid-data'],
  [
    'data that is missing',
    JSON.stringify(reading('1', 1, 'm1', { data: undefined })),
    'invalid-data',
  ],
];

describe.each(Object.keys(triggers))('%s', (trigger) => {
  const send = triggers[trigger] as Send;

  it.each(bad)('buries %s', async (_, body, code) => {
    const at = world();
    await send(at.runtime, [body]);
    expect(at.codes()).toEqual([code]);
    expect((await at.state()).sum).toBe(0);
  });

  it.each([
    ['in front', 0],
    ['in the middle', 1],
    ['last', 2],
  ])('takes no others with what is no event and comes %s', async (_, index) => {
    const at = world();
    const bodies = [good('1'), good('2')];
    bodies.splice(index, 0, 'no event');
    await send(at.runtime, bodies);
    expect((await at.state()).ids).toEqual(['1', '2']);
    expect(at.letters()).toMatchObject([{ raw: 'no event' }]);
  });

  it('keeps apart what has one id and other content, and buries the second', async () => {
    const at = world();
    await send(at.runtime, [good('1'), JSON.stringify(reading('1', 5))]);
    expect((await at.state()).sum).toBe(1);
    expect(at.codes()).toEqual(['id-reused']);
  });

  it('brings again what a throttled store cannot take', async () => {
    const at = world();
    const store = faultyStore(at.store, () => 'full');
    await expect(send({ ...at.runtime, store }, [good('1')])).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
    });
    expect(at.codes()).toEqual([]);
  });

  it('brings again what is not published yet, unless a sweep will do it', async () => {
    const at = world();
    const publisher = faultyPublisher(at.publisher, () => 'failed');
    const runtime = { ...at.runtime, publisher };
    await expect(send(runtime, [good('1')])).rejects.toThrow(/publisher-unavailable/);
    await send({ ...runtime, sweep: true }, [good('2')]);
  });

  it('publishes the seven of ten that a publisher takes, and brings the rest again', async () => {
    const at = world();
    let isFailing = true;
    const publisher = faultyPublisher(at.publisher, ({ nth }) =>
      isFailing && [2, 5, 8].includes(nth % 10) ? 'failed' : undefined,
    );
    const bodies = Array.from({ length: 10 }, (_, i) => JSON.stringify(reading('1', 1, `m${i}`)));
    const runtime = { ...at.runtime, publisher, speaksFor: () => true };
    await expect(send(runtime, bodies)).rejects.toThrow(/publisher-unavailable/);
    expect(at.publisher.published.length).toBeGreaterThan(0);
    isFailing = false;
    await send(runtime, bodies);
    const ids = at.publisher.published.map(({ event }) => event.id);
    expect([ids.length, new Set(ids).size]).toEqual([10, 10]);
    for (const [i] of bodies.entries()) expect((await at.state(`m${i}`)).sum).toBe(1);
  });

  it('begins nothing near the end of its time', async () => {
    const at = world();
    const store = { ...at.store, load: () => Promise.reject(new Error('begun')) };
    const runtime = { ...at.runtime, store, timeoutMs: 1 };
    await expect(send(runtime, [good('1')])).rejects.toThrow(/deadline/);
  });

  it('answers in time although the store does not', async () => {
    const at = world();
    const store = { ...at.store, load: () => new Promise<never>(() => undefined) };
    const answer = send({ ...at.runtime, store }, [good('1')]);
    const end = async () => {
      for (let i = 0; i < 5; i += 1) await turn();
      await at.clock.advance(600_000);
    };
    await Promise.all([end(), expect(answer).rejects.toThrow(/timeout/)]);
  });
});

const bare: FunctionContext = {
  invocationId: '1',
  functionName: 'f',
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe('metadata that are not what they should be', () => {
  const odd = [undefined, null, 7, 'x', [], [null], [[]], {}, { length: 1e9 }];

  it.each(odd)('%j: a batch of an event hub is read all the same', (value) => {
    const names = [
      'properties',
      'systemProperties',
      'partitionKey',
      'sequenceNumber',
      'enqueuedTimeUtc',
    ];
    const lists = Object.fromEntries(names.map((name) => [`${name}Array`, value]));
    const context = { ...bare, triggerMetadata: { ...lists, partitionContext: value } };
    const bodies = [bytes(good('1')), value, bytes(good('2'))];
    const inputs = decodeEventHub(bodies, context);
    expect(inputs.map(({ event }) => 'id' in event && event.id)).toEqual(['1', false, '2']);
    expect(decodeEventHub(value, context).length).toBe(Array.isArray(value) ? value.length : 1);
  });

  it.each(odd)('%j: a message of Service Bus is read all the same', (value) => {
    const names = ['messageId', 'deliveryCount', 'applicationProperties', 'to', 'sessionId'];
    const one = Object.fromEntries(names.map((name) => [name, value]));
    const many = Object.fromEntries(names.map((name) => [`${name}Array`, value]));
    const body = bytes(good('1'));
    for (const triggerMetadata of [one, { ...many, messageIdArray: ['1'] }]) {
      const context = { ...bare, triggerMetadata };
      const [input] = decodeServiceBus(
        'messageIdArray' in triggerMetadata ? [body] : body,
        context,
      );
      expect(input?.event).toMatchObject({ id: '1' });
    }
  });

  it('a function of the options that throws refuses its message', () => {
    const throws = () => {
      throw new Error('secret');
    };
    const [first] = decodeEventHub([bytes(good('1'))], bare, { principal: throws });
    expect(first?.event).toMatchObject({ code: 'not-permitted', field: 'principal' });
    const [second] = decodeEventHub([bytes('{}')], bare, { plain: throws });
    expect(second?.event).toMatchObject({ code: 'invalid-event', field: 'plain' });
  });
});

describe('an event of Event Grid that is none', () => {
  const own = {
    id: '1',
    topic: '/a',
    subject: 'm1',
    eventType: 'com.acme.counted',
    data: { by: 1 },
  };
  const events: readonly (readonly [what: string, event: unknown, code: string])[] = [
    ['null', null, 'unsupported-media-type'],
    ['a text', 'x', 'unsupported-media-type'],
    ['a list', [own], 'unsupported-media-type'],
    ['an empty object', {}, 'unsupported-media-type'],
    ['without an id', { ...own, id: undefined }, 'invalid-event'],
    ['without a topic', { ...own, topic: undefined }, 'invalid-event'],
    ['with an id that is a number', { ...own, id: 7 }, 'invalid-event'],
    ['with a time that is none', { ...own, eventTime: 'now' }, 'invalid-event'],
    ['with a type that is none', { ...own, eventType: '' }, 'invalid-event'],
    [
      'telemetry without data',
      { ...own, eventType: 'Microsoft.Devices.DeviceTelemetry', data: undefined },
      'unsupported-media-type',
    ],
    [
      'telemetry whose body is no base64',
      { ...own, eventType: 'Microsoft.Devices.DeviceTelemetry', data: { body: '%' } },
      'unsupported-media-type',
    ],
    [
      'a blob without a path',
      { ...own, eventType: 'Microsoft.Storage.BlobCreated' },
      'invalid-event',
    ],
    [
      'a blob that no pattern matches',
      {
        ...own,
        eventType: 'Microsoft.Storage.BlobCreated',
        subject: '/blobServices/default/containers/x/blobs/y',
      },
      'unsupported-media-type',
    ],
    [
      'a blob with half a character',
      {
        ...own,
        eventType: 'Microsoft.Storage.BlobCreated',
        subject: '/blobServices/default/containers/x/blobs/\ud800',
      },
      'unsupported-media-type',
    ],
  ];

  it.each(events)('%s is buried', async (_, event, code) => {
    const at = world();
    const name = freshName();
    const options = { ...at.runtime, principal: service };
    const isBlob = String(Object(event).eventType).startsWith('Microsoft.Storage');
    const blobs = { 'clips/{device}/{file}': { type: 'com.acme.counted' } };
    worker.app.eventGrid(
      name,
      isBlob ? blob(app, { ...options, blobs }) : eventGrid(app, { ...options, telemetry: true }),
    );
    await fromEventGrid(worker, name, event);
    expect(at.codes()).toEqual([code]);
  });
});

it('shows no data in what the host logs', async () => {
  const lines: unknown[] = [];
  const at = world();
  const name = freshName();
  const { logger: _, ...runtime } = at.runtime;
  const deadLetters = memoryPublisher();
  worker.app.eventHub(
    name,
    eventHub(app, { ...runtime, deadLetters, ...place, principal: service }),
  );
  const secret = reading('1', 'a-secret-of-somebody');
  const { logs } = await fromEventHub(worker, name, [
    { body: bytes(secret) },
    { body: bytes('a-secret') },
  ]);
  lines.push(...logs);
  expect(logs.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).not.toContain('secret');
});
