import { EventHubProducerClient } from '@azure/event-hubs';
import { ServiceBusClient } from '@azure/service-bus';
import type { CloudEvent, Outgoing, Publisher, PublishResult, Runtime } from '@hearth/core';
import { startAmqp, type AmqpServer } from '@hearth/emulators/amqp';
import { publisherCases, unmetNeed, type PublisherHarness } from '@hearth/testing/conformance';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventHubsPublisher } from './event-hubs.ts';
import { serviceBusPublisher, serviceBusWake } from './service-bus.ts';

const once = (timeoutInMs: number) => ({ retryOptions: { maxRetries: 0, timeoutInMs } });
let amqp: AmqpServer;
let bus: ServiceBusClient;
let hub: EventHubProducerClient;

beforeAll(async () => {
  amqp = await startAmqp();
  bus = new ServiceBusClient(amqp.connectionString, once(5_000));
  hub = new EventHubProducerClient(amqp.connectionString, 'hub', once(5_000));
});

afterAll(async () => {
  await Promise.all([bus.close(), hub.close()]);
  await amqp.stop();
});

const ways = {
  'Service Bus': () => serviceBusPublisher({ to: 'queue', client: bus }),
  'Event Hubs': () => eventHubsPublisher({ eventHub: 'hub', client: hub }),
} as const;
type Way = keyof typeof ways;

const own: Readonly<Record<Way, (connectionString: () => string) => Publisher>> = {
  'Service Bus': (connectionString) =>
    serviceBusPublisher({ to: 'queue', connectionString, timeoutMs: 100 }),
  'Event Hubs': (connectionString) =>
    eventHubsPublisher({ eventHub: 'hub', connectionString, timeoutMs: 100 }),
};

const idIn = (body: Buffer) => (JSON.parse(body.toString()) as CloudEvent).id;

function fresh(): AmqpServer {
  amqp.arrived.length = 0;
  amqp.scheduled.length = 0;
  amqp.plan();
  return amqp;
}

/** The largest body that a batch still takes beside the properties of the cases' commands. */
async function roomFor(way: Way): Promise<number> {
  const filler = (bytes: number) => ({
    body: Buffer.alloc(bytes),
    contentType: 'application/cloudevents+json; charset=utf-8',
    messageId: 'x'.repeat(43),
  });
  const fits = async (bytes: number) => {
    if (way === 'Event Hubs') {
      const batch = await hub.createBatch({ partitionKey: 'home-0' });
      return batch.tryAdd({ ...filler(bytes), properties: {} });
    }
    const batch = await bus.createSender('queue').createMessageBatch();
    const subject = 'com.acme.thermostat.set';
    return batch.tryAddMessage({ ...filler(bytes), subject, sessionId: 'home-0' });
  };
  let [least, most] = [200_000, 262_144];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (await fits(middle)) least = middle;
    else most = middle;
  }
  return least;
}

describe.each(['Service Bus', 'Event Hubs'] as const)('a publisher to %s', (way) => {
  let maxEventBytes = 0;

  beforeAll(async () => {
    maxEventBytes = await roomFor(way);
  });

  /** One whose other end goes away is on a server of its own. */
  async function harness(): Promise<PublisherHarness> {
    const { arrived, plan } = fresh();
    return {
      publisher: ways[way](),
      structured: true,
      maxEventBytes,
      received: async () => arrived.map(({ body }) => ({ id: idIn(body), body: body.toString() })),
      failFor: (ids) =>
        plan((messages) =>
          messages.some(({ body }) => ids.includes(idIn(body)))
            ? 'amqp:resource-limit-exceeded'
            : undefined,
        ),
      cutOff: () => undefined,
    };
  }

  async function cutOffHarness(): Promise<PublisherHarness> {
    const server = await startAmqp();
    const publisher = own[way](() => server.connectionString);
    onTestFinished(async () => {
      await (publisher as Publisher & { close(): Promise<void> }).close();
      await server.stop();
    });
    return { publisher, received: async () => [], cutOff: () => server.stop() };
  }

  it.each(publisherCases)('$name', async (each) => {
    const opened = each.needs?.includes('cutOff') ? await cutOffHarness() : await harness();
    expect(unmetNeed(each, opened)).toBeUndefined();
    await each.run(opened);
  });

  const event: CloudEvent = {
    specversion: '1.0',
    id: 'e1',
    source: 'urn:acme:home',
    type: 'com.acme.rang',
    subject: 'd1',
    partitionkey: 'home-1',
    data: { times: 2 },
  };
  const outgoing = (rest: Partial<CloudEvent> = {}): Outgoing => {
    const whole = { ...event, ...rest };
    return { event: whole, body: JSON.stringify(whole), traceparent: 'trace' };
  };
  const seen = (result: PublishResult | undefined) =>
    result?.outcome === 'failed'
      ? [result.error.code, result.error.retryable ? 'again' : 'never']
      : [result?.outcome];

  it('sends the events of a partition in one transfer', async () => {
    const before = fresh().transfers();
    await ways[way]().publish(['e1', 'e2', 'e3'].map((id) => outgoing({ id })));
    expect([amqp.arrived.length, amqp.transfers() - before]).toEqual([3, 1]);
  });

  it('splits what one batch does not take', async () => {
    const before = fresh().transfers();
    const data = 'x'.repeat(100_000);
    const events = ['e1', 'e2', 'e3'].map((id) => outgoing({ id, data }));
    const results = await ways[way]().publish(events);
    expect(results.map(seen)).toEqual([['published'], ['published'], ['published']]);
    expect(amqp.transfers() - before).toBe(2);
  });

  it('tells two sources with one id apart, and one event by the same name', async () => {
    fresh();
    const sources = ['urn:a', 'urn:b', 'urn:a'];
    await ways[way]().publish(sources.map((source) => outgoing({ source })));
    const [a, b, again] = amqp.arrived.map(({ messageId }) => messageId);
    expect(a).toMatch(/^[\w-]{43}$/);
    expect([a === b, a === again]).toEqual([false, true]);
  });

  it('sends no command after its time', async () => {
    fresh();
    const past = outgoing({ expirytime: '2020-01-01T00:00:00Z' });
    const results = await ways[way]().publish([past, outgoing({ id: 'e2' })]);
    expect(results.map(seen)).toEqual([['expired', 'never'], ['skipped']]);
    expect(amqp.arrived).toEqual([]);
  });

  it.each([
    ['com.microsoft:server-busy', 'publisher-unavailable', 'again'],
    ['amqp:unauthorized-access', 'not-permitted', 'again'],
    ['amqp:not-found', 'not-found', 'again'],
    ['amqp:link:message-size-exceeded', 'limit-exceeded', 'never'],
  ])('knows what %s means', async (condition, code, when) => {
    fresh().plan(() => condition);
    const before = amqp.transfers();
    const [result] = await ways[way]().publish([outgoing()]);
    expect(seen(result)).toEqual([code, when]);
    expect(amqp.transfers() - before).toBe(1);
  });

  it('waits no longer than it is to', async () => {
    const { connectionString, plan } = fresh();
    const hurried = once(300);
    const clients = [
      new ServiceBusClient(connectionString, hurried),
      new EventHubProducerClient(connectionString, 'hub', hurried),
    ] as const;
    onTestFinished(async () => void (await Promise.all(clients.map((client) => client.close()))));
    const publisher =
      way === 'Service Bus'
        ? serviceBusPublisher({ to: 'queue', client: clients[0] })
        : eventHubsPublisher({ eventHub: 'hub', client: clients[1] });
    await publisher.publish([outgoing()]);
    plan(() => 'silence');
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(['timeout', 'again']);
  });

  it('takes a batch that was refused as a whole for failed as a whole', async () => {
    fresh().plan(() => 'com.microsoft:server-busy');
    const results = await ways[way]().publish([outgoing(), outgoing({ id: 'e2' })]);
    expect(results.map(seen)).toEqual([
      ['publisher-unavailable', 'again'],
      ['publisher-unavailable', 'again'],
    ]);
  });

  it('keeps a partition key that is too long by its hash', async () => {
    fresh();
    await ways[way]().publish([outgoing({ partitionkey: 'x'.repeat(129) })]);
    const [message] = amqp.arrived;
    const key = message?.groupId ?? message?.annotations['x-opt-partition-key'];
    expect(key).toMatch(/^[\w-]{43}$/);
  });

  it('names the option that is wrong', () => {
    const publisher = own[way];
    expect(() => publisher('secret' as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'connectionString' }),
    );
  });

  it('opens its connection anew after it could not be opened', async () => {
    let connectionString = 'Endpoint=sb://127.0.0.1:1/';
    const publisher = own[way](() => connectionString) as Publisher & { close(): Promise<void> };
    onTestFinished(() => publisher.close());
    expect(seen((await publisher.publish([outgoing()]))[0])[1]).toBe('again');
    connectionString = fresh().connectionString;
    expect(seen((await publisher.publish([outgoing()]))[0])).toEqual(['published']);
  });
});

const wish: CloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: 'urn:acme:home',
  type: 'com.acme.rang',
  subject: 'd1',
  partitionkey: 'home-1',
  datacontenttype: 'application/json',
  data: { times: 2 },
};
const sent = (event: CloudEvent): Outgoing => ({
  event,
  body: JSON.stringify(event),
  traceparent: 'trace',
});

describe('a message on Service Bus', () => {
  it('has the home as session, its type as subject, and dies when its command does', async () => {
    fresh();
    const expirytime = new Date(Date.now() + 60_000).toISOString();
    await ways['Service Bus']().publish([sent({ ...wish, expirytime })]);
    const [message] = amqp.arrived;
    expect(message).toMatchObject({
      to: 'queue',
      contentType: 'application/cloudevents+json; charset=utf-8',
      subject: 'com.acme.rang',
      groupId: 'home-1',
      properties: { traceparent: 'trace' },
    });
    expect(message?.ttl).toBeGreaterThan(50_000);
    expect(message?.ttl).toBeLessThanOrEqual(60_000);
  });
});

describe('a message on Event Hubs', () => {
  const binary = () => eventHubsPublisher({ eventHub: 'hub', client: hub, mode: 'binary' });

  it('is its data with its attributes beside it in binary mode', async () => {
    fresh();
    await binary().publish([sent(wish)]);
    const [message] = amqp.arrived;
    expect(message?.body.toString()).toBe('{"times":2}');
    expect(message).toMatchObject({
      contentType: 'application/json',
      annotations: { 'x-opt-partition-key': 'home-1' },
      properties: {
        'cloudEvents:specversion': '1.0',
        'cloudEvents:id': 'e1',
        'cloudEvents:source': 'urn:acme:home',
        'cloudEvents:type': 'com.acme.rang',
        'cloudEvents:subject': 'd1',
        traceparent: 'trace',
      },
    });
  });

  it('is structured where binary mode would be misread', async () => {
    fresh();
    const event = { ...wish, datacontenttype: 'application/cloudevents+json' };
    await binary().publish([sent(event)]);
    expect(JSON.parse(amqp.arrived[0]?.body.toString() ?? '')).toEqual(event);
  });
});

describe('serviceBusWake', () => {
  const wake = (): NonNullable<Runtime['wake']> => serviceBusWake({ to: 'wakes', client: bus });
  const soon = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
  const instants = () =>
    amqp.scheduled.map(({ annotations }) =>
      Number(annotations['x-opt-scheduled-enqueue-time'] as Date),
    );

  it('schedules a message for the end of the second, never before the instant', async () => {
    fresh();
    await wake()(soon + 1);
    expect(amqp.scheduled).toMatchObject([
      { to: 'wakes', messageId: `hearth-wake-${soon + 1_000}`, contentType: 'application/json' },
    ]);
    expect(instants()).toEqual([soon + 1_100]);
  });

  it('asks once for the timers of one second', async () => {
    fresh();
    const ask = wake();
    await Promise.all([ask(soon - 999), ask(soon), ask(soon), ask(soon + 1)]);
    expect(instants()).toEqual([soon + 100, soon + 1_100]);
  });

  it('wakes at once for what is already due', async () => {
    fresh();
    await wake()(0);
    expect(Math.abs((instants()[0] ?? 0) - Date.now())).toBeLessThan(1_200);
  });

  it('says so when it cannot ask, and asks again', async () => {
    let connectionString = 'Endpoint=sb://127.0.0.1:1/';
    const where = { to: 'wakes', connectionString: () => connectionString, timeoutMs: 1_000 };
    const ask = serviceBusWake(where);
    onTestFinished(() => ask.close());
    await expect(ask(soon)).rejects.toMatchObject({ retryable: true });
    connectionString = fresh().connectionString;
    await ask(soon);
    expect(instants()).toEqual([soon + 100]);
  });
});
