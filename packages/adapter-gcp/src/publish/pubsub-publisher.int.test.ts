import { PubSub } from '@google-cloud/pubsub';
import { startFunction } from '@hearth/emulators/functions-framework';
import { faultyGrpc, type FaultyGrpc } from '@hearth/emulators/faulty-grpc';
import { pubsubNeeds, pubsubPair, startPubsub } from '@hearth/emulators/pubsub';
import {
  publisherCases,
  unmetNeed,
  type PublisherHarness,
  type Received,
} from '@hearth/testing/conformance';
import { faultyStore } from '@hearth/testing';
import { needs } from '@hearth/testing/needs';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
  vi,
} from 'vitest';
import { caller, token } from '../../test/google-token.ts';
import { app, reading, world } from '../../test/meter.ts';
import { pubsub } from '../trigger/pubsub.ts';
import type { PubsubMode } from './message.ts';
import { pubsubPublisher } from './pubsub-publisher.ts';

// Otherwise the SDK looks for a metadata server.
process.env['METADATA_SERVER_DETECTION'] = 'none';

const project = 'demo-hearth';
let emulator: Awaited<ReturnType<typeof startPubsub>>;
let proxy: FaultyGrpc;
let client: PubSub;
let count = 0;

const clientTo = (apiEndpoint: string) =>
  new PubSub({ projectId: project, apiEndpoint, emulatorMode: true });

beforeAll(async () => {
  emulator = await startPubsub();
  if (emulator === undefined) return;
  proxy = await faultyGrpc(emulator.host);
  client = clientTo(proxy.host);
});

afterAll(async () => {
  await client?.close();
  await proxy?.stop();
  await emulator?.stop();
});

beforeEach((test) => {
  needs(test, emulator, pubsubNeeds);
});

afterEach(() => proxy?.plan());

async function open(mode: PubsubMode = 'structured', sdk = client) {
  const { name, pull } = await pubsubPair(emulator?.host ?? '', project, `t-${(count += 1)}`);
  return { name, pull, publisher: pubsubPublisher({ client: sdk, topic: name, mode }) };
}

async function harness(mode: PubsubMode): Promise<PublisherHarness> {
  const { pull, publisher } = await open(mode);
  let published = 0;
  const arrived: Received[] = [];
  const take = async () => {
    for (const { attributes, data = '' } of await pull()) {
      const id = attributes?.['ce-id'] ?? '';
      const body = Buffer.from(data, 'base64').toString();
      arrived.push(mode === 'structured' ? { id, body } : { id });
    }
    return arrived.length >= published;
  };
  const publish: typeof publisher.publish = async (events) => {
    const results = await publisher.publish(events);
    published += results.filter(({ outcome }) => outcome === 'published').length;
    return results;
  };
  return {
    publisher: { ordered: publisher.ordered, publish },
    // In binary mode the body is not sent, and its size says nothing.
    ...(mode === 'structured' ? { structured: true, maxEventBytes: 10_000_000 } : {}),
    failFor: (ids) =>
      proxy.plan(({ body }) =>
        ids.some((id) => body.includes(`ce-id\u0012\u0002${id}`)) ? 8 : undefined,
      ),
    cutOff: () => proxy.plan(() => 14),
    async received() {
      await vi.waitUntil(take, { interval: 5, timeout: 5_000 });
      return arrived;
    },
  };
}

describe.each(['structured', 'binary'] as const)('pubsubPublisher, %s,', (mode) => {
  it.for(publisherCases)('$name', async (each, test) => {
    const opened = await harness(mode);
    const need = unmetNeed(each, opened);
    if (need !== undefined) test.skip(`binary mode sends the data alone: ${need}`);
    await each.run(opened);
  });
});

const event = {
  specversion: '1.0',
  id: 'e1',
  source: 'urn:acme:home',
  type: 'com.acme.thermostat.set',
  subject: 't1',
  partitionkey: 'home-1',
  datacontenttype: 'application/json',
  data: { celsius: 18.5 },
} as const;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const outgoing = { event, body: `${JSON.stringify(event)} `, traceparent };

describe('pubsubPublisher', () => {
  it('sends the partition as ordering key, and the attributes for filters', async () => {
    const { pull, publisher } = await open();
    await publisher.publish([outgoing]);
    const [message] = await pull();
    expect(message).toMatchObject({
      data: Buffer.from(outgoing.body).toString('base64'),
      orderingKey: 'home-1',
      attributes: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'ce-type': event.type,
        'ce-partitionkey': 'home-1',
        traceparent,
      },
    });
  });

  it('sends the data alone in binary mode, and the attributes with "ce-"', async () => {
    const { pull, publisher } = await open('binary');
    await publisher.publish([outgoing]);
    const [message] = await pull();
    expect(Buffer.from(message?.data ?? '', 'base64').toString()).toBe('{"celsius":18.5}');
    expect(message?.attributes).toEqual({
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'e1',
      'ce-source': event.source,
      'ce-type': event.type,
      'ce-subject': 't1',
      'ce-partitionkey': 'home-1',
      traceparent,
    });
  });

  it('tells a topic that does not exist from one that is down', async () => {
    const missing = pubsubPublisher({ client, topic: 'nobody-made-this' });
    expect(await missing.publish([outgoing])).toMatchObject([
      { outcome: 'failed', error: { code: 'not-found', retryable: true } },
    ]);
  });

  it('sends each event where it belongs, and fails for good one that belongs nowhere', async () => {
    const { name, pull } = await open();
    const topic = ({ subject }: { readonly subject?: string }) => {
      if (subject === 'thrown') throw new Error('a bug');
      return subject === 't1' ? name : '';
    };
    const publisher = pubsubPublisher({ client, topic });
    const to = (subject: string) => ({ ...outgoing, event: { ...event, subject } });
    const failed = { outcome: 'failed', error: { code: 'invalid-option', retryable: false } };
    const results = await publisher.publish([to('thrown'), to('t1'), to('t2')]);
    expect(results).toMatchObject([failed, { outcome: 'published' }, failed]);
    expect(publisher.destination?.(to('thrown').event)).toBe('');
    expect(await pull()).toHaveLength(1);
  });

  it('gives up on a request without an answer, and skips what follows in its partition', async () => {
    const { name } = await open();
    const publisher = pubsubPublisher({ client, topic: name, timeoutMs: 800 });
    proxy.plan(() => 'hang');
    expect(await publisher.publish([outgoing, outgoing])).toMatchObject([
      { outcome: 'failed', error: { code: 'timeout', retryable: true } },
      { outcome: 'skipped' },
    ]);
    proxy.plan();
    expect(await publisher.publish([outgoing])).toEqual([{ outcome: 'published' }]);
  });
});

/** Runs a trigger in the functions-framework; the emulator pushes to it, and has no tokens to send. */
async function listening(at: ReturnType<typeof world>, store = at.store) {
  const statuses: number[] = [];
  const principal = { kind: 'service', id: 'bridge' } as const;
  const authorization = `Bearer ${await token()}`;
  const handler = pubsub(app, { ...at.runtime, store, caller, principal });
  const { url, stop } = await startFunction({
    async http(request, response) {
      request.headers.authorization = authorization;
      await handler(request, response);
      statuses.push(response.statusCode);
    },
  });
  onTestFinished(stop);
  const host = emulator?.host ?? '';
  const name = `push-${(count += 1)}`;
  await pubsubPair(host, project, name, {
    pushConfig: { pushEndpoint: url },
    retryPolicy: { minimumBackoff: '0.01s', maximumBackoff: '0.01s' },
  });
  const publisher = pubsubPublisher({ client, topic: name });
  return {
    statuses,
    publish: (...events: ReturnType<typeof reading>[]) =>
      publisher.publish(events.map((each) => ({ event: each, body: JSON.stringify(each) }))),
  };
}

describe('what pubsubPublisher publishes', () => {
  it('is pushed to pubsub, done once, and acknowledged', async () => {
    const at = world();
    const { publish, statuses } = await listening(at);
    await publish(reading('1'), reading('2', 2), reading('1'), reading('3', 'many'));
    await vi.waitUntil(() => statuses.length >= 4, { interval: 5, timeout: 10_000 });
    expect(statuses).toEqual([204, 204, 204, 204]);
    expect(await at.state()).toEqual({ sum: 3, ids: ['1', '2'] });
    expect(at.codes()).toEqual(['invalid-data']);
  });

  it('is pushed again until it is done', async () => {
    const at = world();
    let isThrottled = true;
    const store = faultyStore(at.store, () => (isThrottled ? 'full' : undefined));
    const { publish, statuses } = await listening(at, store as typeof at.store);
    await publish(reading('1'));
    await vi.waitUntil(() => statuses.length > 0, { interval: 5, timeout: 10_000 });
    isThrottled = false;
    await vi.waitUntil(() => statuses.at(-1) === 204, { interval: 5, timeout: 10_000 });
    expect(statuses[0]).toBe(503);
    expect((await at.state()).ids).toEqual(['1']);
  });
});
