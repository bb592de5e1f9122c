import type { App, Input, Principal } from '@hearth/core';
import { isHearthError } from '@hearth/core';
import { encodeStructured } from '@hearth/core/event';
import { memoryStore } from '@hearth/core/ports';
import { faultyPublisher, faultyStore } from '@hearth/testing';
import { meters, type TriggerMessage } from '@hearth/testing/conformance';
import { describe, expect, it } from 'vitest';
import * as native from '../../test/native-events.ts';
import { context, reading, world } from '../../test/meter-world.ts';
import {
  decodeDynamoStream,
  decodeEventBridge,
  decodeIotRule,
  decodeKinesis,
  decodeS3,
  decodeSns,
  decodeSqs,
  dynamoStream,
  eventBridge,
  http,
  iotMessages,
  iotRule,
  kafka,
  kinesis,
  s3,
  schedule,
  sns,
  sqs,
  type IotOptions,
} from '../index.ts';

type Options = ReturnType<typeof world>['options'] & { readonly principal: Principal };
type Handler = (event: unknown, given: typeof context) => Promise<unknown>;

interface Kind {
  readonly name: string;
  open(app: App, options: Options): Handler;
  decode(event: unknown): readonly Input[];
  /** An event of some messages, or of one. */
  event(messages: readonly TriggerMessage[]): unknown;
  /** Whether `Records` hold the messages. */
  readonly isBatch?: true;
}

const principal: Principal = { kind: 'service', id: 'test' };
const Records =
  (record: (message: TriggerMessage, nth: number) => unknown) =>
  (messages: readonly TriggerMessage[]) => ({ Records: messages.map(record) });
const first =
  (event: (message: TriggerMessage, nth: number) => unknown) =>
  (messages: readonly TriggerMessage[]) =>
    event(messages[0] as TriggerMessage, 0);

// What a rule knows of the connection, which has no say in these tests.
const fromConnection: IotOptions['principal'] = () => principal;

const kinds: readonly Kind[] = [
  { name: 'sqs', open: sqs, decode: decodeSqs, event: Records(native.sqsRecord()), isBatch: true },
  {
    name: 'kinesis',
    open: kinesis,
    decode: decodeKinesis,
    event: Records(native.kinesisRecord),
    isBatch: true,
  },
  {
    name: 'dynamoStream',
    open: dynamoStream,
    decode: decodeDynamoStream,
    event: Records(native.dynamoRecord),
    isBatch: true,
  },
  { name: 'sns', open: sns, decode: decodeSns, event: first(native.snsEvent) },
  { name: 's3', open: s3, decode: decodeS3, event: first(native.s3Event) },
  {
    name: 'eventBridge',
    open: eventBridge,
    decode: decodeEventBridge,
    event: first(native.eventBridgeEvent),
  },
  {
    name: 'iotRule',
    open: (app, options) => iotRule(app, { ...options, principal: fromConnection }),
    decode: decodeIotRule,
    event: first(native.iotEvent),
  },
];

const strange = [
  undefined,
  null,
  '',
  'text',
  21.5,
  true,
  [],
  {},
  { Records: null },
  { Records: 'no' },
];
const strangeRecords = [null, undefined, 1, 'text', [], {}, { eventSource: 'aws:other' }];

/** What became of an event: it comes again, it is in the dead letters, or neither. */
async function fateOf(
  handler: Handler,
  event: unknown,
  at: ReturnType<typeof world>,
  given = context,
) {
  try {
    const answer = await handler(event, given);
    const { batchItemFailures = [] } = Object(answer) as { batchItemFailures?: readonly unknown[] };
    return batchItemFailures.length > 0
      ? 'again'
      : at.codes().length > 0
        ? 'buried'
        : 'acknowledged';
  } catch (error) {
    return isHearthError(error) ? 'again' : 'crashed';
  }
}

describe.each(kinds)('$name', ({ open, decode, event }) => {
  it.each(strange)(
    'does not acknowledge %j, which is no event of its service, and forget it',
    async (odd) => {
      const at = world();
      const fate = await fateOf(open(meters, { ...at.options, principal }), odd, at);
      expect(['again', 'buried']).toContain(fate);
    },
  );

  it('buries a record that is none, and reads it without throwing', async () => {
    for (const odd of strangeRecords) {
      const at = world();
      const handler = open(meters, { ...at.options, principal });
      const batch = { Records: [odd] };
      await handler(batch, context);
      expect(at.codes()).toHaveLength(1);
      expect(['invalid-event', 'unsupported-media-type']).toContain(at.codes()[0]);
      expect(decode(batch)).toHaveLength(1);
    }
  });

  it('buries an oversized message, and says which limit it is', async () => {
    const at = world();
    const large = reading('e1', 'm1', { data: { by: 1, note: 'x'.repeat(2000) } });
    const options = { ...at.options, principal, limits: { maxBytes: 1500 } };
    await open(meters, options)(event([large]), context);
    // The key of an object is no body; there is no CloudEvent in it.
    expect(['limit-exceeded', 'unsupported-media-type']).toContain(at.codes()[0]);
  });

  it('does nothing, and acknowledges nothing, when the time is over before it begins', async () => {
    const at = world();
    const over = { ...context, getRemainingTimeInMillis: () => 20 };
    const message = event([reading('e1')]);
    const fate = await fateOf(open(meters, { ...at.options, principal }), message, at, over);
    expect([fate, await at.total()]).toEqual(['again', 0]);
  });

  it('asks for another delivery when the store is throttled', async () => {
    const at = world({ store: faultyStore(memoryStore(), () => 'full') });
    const message = event([reading('e1')]);
    const fate = await fateOf(open(meters, { ...at.options, principal }), message, at);
    expect(fate).toBe(decode(message).some(isRead) ? 'again' : 'buried');
  });
});

const isRead = ({ event }: Input): boolean => !isHearthError(event);

describe.each(kinds.filter(({ isBatch }) => isBatch))('$name', ({ open, event }) => {
  it('lets three of ten that cannot be published come again', async () => {
    const messages = Array.from({ length: 10 }, (_, n) => reading('e1', `m${n}`));
    const at = world();
    const publisher = faultyPublisher(at.publisher, ({ nth }) =>
      [3, 6, 9].includes(nth) ? 'failed' : undefined,
    );
    const handler = open(meters, { ...at.options, publisher, principal });
    const { batchItemFailures } = (await handler(event(messages), context)) as {
      readonly batchItemFailures: readonly unknown[];
    };
    expect([1, 3]).toContain(batchItemFailures.length);
    for (let n = 0; n < 10; n += 1) expect(await at.total(`m${n}`)).toBe(1);
  });
});

describe('sqs', () => {
  const record = native.sqsRecord();
  const handle = async (records: readonly unknown[], options: object = {}) => {
    const at = world();
    const given = { ...at.options, principal, ...options };
    const answer = await sqs(meters, given)({ Records: records }, context);
    return { at, failed: answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
  };

  it('does what comes with equal message ids once for each event', async () => {
    const { at, failed } = await handle([record(reading('e1'), 0), record(reading('e2'), 0)]);
    expect([await at.total(), failed]).toEqual([2, []]);
  });

  it('names a message that must come again once, however often its id is in the batch', async () => {
    const store = faultyStore(memoryStore(), () => 'down');
    const twice = [record(reading('e1'), 0), record(reading('e2'), 0)];
    expect((await handle(twice, { store })).failed).toEqual([native.messageId(0)]);
  });

  it('fails the batch when a message without an id must come again', async () => {
    const store = faultyStore(memoryStore(), () => 'down');
    const { messageId: _, ...nameless } = record(reading('e1'));
    await expect(handle([nameless], { store })).rejects.toMatchObject({
      code: 'invalid-event',
      field: 'itemIdentifier',
    });
  });

  it('takes three envelopes off, and buries a fourth', async () => {
    const wrap = (text: string) => {
      const Message = text;
      return JSON.stringify({ Type: 'Notification', MessageId: '1', TopicArn: 'arn', Message });
    };
    const nested = (depth: number) => {
      let body = encodeStructured(reading('e1').event);
      for (let n = 0; n < depth; n += 1) body = wrap(body);
      return { ...record(reading('e1')), body };
    };
    const three = await handle([nested(3)]);
    expect([await three.at.total(), three.at.codes()]).toEqual([1, []]);
    const four = await handle([nested(4)]);
    expect([await four.at.total(), four.at.codes()]).toEqual([0, ['limit-exceeded']]);
  });

  it('holds back the rest of a FIFO group, and no other group', async () => {
    const fifo = native.sqsRecord('.fifo');
    const store = memoryStore();
    let isFirst = true;
    const faulty = faultyStore(store, ({ operation, key }) => {
      if (operation !== 'save' || key !== 'meter/m1' || !isFirst) return undefined;
      isFirst = false;
      return 'full';
    });
    const messages = [reading('e1'), reading('e1', 'm2'), reading('e2'), reading('e2', 'm2')];
    const { failed } = await handle(messages.map(fifo), { store: faulty });
    expect(failed).toEqual([native.messageId(0), native.messageId(2)]);
  });

  it('buries at its last delivery what a step cannot do', async () => {
    const broken = reading('e1', 'm1', { type: 'com.acme.meter.broken' });
    const at = (count: string) => {
      const one = record(broken);
      return { ...one, attributes: { ...one.attributes, ApproximateReceiveCount: count } };
    };
    const second = await handle([at('2')], { maxReceiveCount: 3 });
    expect([second.failed, second.at.codes()]).toEqual([[native.messageId(0)], []]);
    const third = await handle([at('3')], { maxReceiveCount: 3 });
    expect([third.failed, third.at.codes()]).toEqual([[], ['step-failed']]);
  });

  it('takes the shape of an IoT rule for a payload, unless told that a rule sends here', async () => {
    const forged = { ...record(reading('e1')), body: native.iotBody(reading('e1')) };
    const { at } = await handle([forged], { principal: { kind: 'anonymous', id: '' } });
    expect(at.codes()).toEqual(['unsupported-media-type']);
    expect(await at.total()).toBe(0);
  });

  it('lets no device speak for another through a rule', async () => {
    const mallory = { ...reading('e1'), principal: { kind: 'device', id: 'mallory' } } as const;
    const body = native.iotBody(mallory);
    const iot = iotMessages();
    const { at } = await handle([{ ...record(reading('e1')), body }], { iot });
    expect(at.codes()).toEqual(['not-permitted']);
  });
});

describe('iotRule', () => {
  const handle = async (event: unknown, options: object = {}) => {
    const at = world();
    await iotRule(meters, { ...at.options, ...options })(event, context);
    return at;
  };
  const topics = { 'device/{device}/counted': { type: 'com.acme.meter.counted' } };
  const plain = (topic: string, clientid: string, payload: object) => ({
    data_base64: Buffer.from(JSON.stringify(payload)).toString('base64'),
    topic,
    clientid,
    ts: 1,
    traceid: 't1',
  });

  it('makes an event of a plain payload by its topic', async () => {
    const at = await handle(plain('device/m1/counted', 'm1', { by: 3 }), { topics });
    expect([await at.total(), at.codes()]).toEqual([3, []]);
  });

  it('refuses a device on the topic of another', async () => {
    const at = await handle(plain('device/m1/counted', 'mallory', { by: 3 }), { topics });
    expect([await at.total(), at.codes()]).toEqual([0, ['not-permitted']]);
  });

  it.each([
    ['1e8b6d7d', { kind: 'device', id: 'm1', credential: '1e8b6d7d' }],
    ['n/a', { kind: 'device', id: 'm1' }],
    [undefined, { kind: 'device', id: 'm1' }],
  ])('knows the certificate of a connection: %s', (credential, sender) => {
    const event = { ...plain('device/m1/counted', 'm1', { by: 3 }), principal: credential };
    expect(decodeIotRule(event, { topics })[0]?.principal).toEqual(sender);
  });

  it.each(['', 'n/a', 'N/A'])('knows nobody by the client id %j', async (clientid) => {
    const at = await handle(plain('device/m1/counted', clientid, { by: 3 }), { topics });
    expect(at.codes()).toEqual(['not-permitted']);
  });

  it('finds no client id in a payload', async () => {
    const payload = { by: 3, clientid: 'm1', principal: 'm1', topic: 'device/m1/counted' };
    const at = await handle(plain('device/m1/counted', 'mallory', payload), { topics });
    expect(at.codes()).toEqual(['not-permitted']);
  });

  it('takes no payload of a rule with SELECT * for who speaks', async () => {
    const forged = plain('device/m1/counted', 'm1', { by: 3 });
    const options = { sql: 'plain', plain: { type: 'com.acme.meter.counted', subject: 'm1' } };
    expect((await handle(forged, options)).codes()).toEqual(['not-permitted']);
    expect((await handle({ by: 3 }, options)).codes()).toEqual(['not-permitted']);
    const said = await handle({ by: 3 }, { ...options, principal });
    expect([await said.total(), said.codes()]).toEqual([3, []]);
  });

  it('refuses options that a rule with SELECT * cannot keep', () => {
    const at = world();
    for (const wrong of [
      { topics },
      { principal: 'topic' as const },
      { principal: () => principal },
    ]) {
      expect(() => iotRule(meters, { ...at.options, sql: 'plain', ...wrong })).toThrow(
        'iotRuleSql',
      );
    }
  });

  it('refuses what is no base64, and what is empty', async () => {
    const event = plain('device/m1/counted', 'm1', {});
    expect((await handle({ ...event, data_base64: '!' }, { topics })).codes()).toEqual([
      'invalid-event',
    ]);
    const empty = await handle({ ...event, data_base64: '' }, { topics });
    expect(empty.codes()).toHaveLength(1);
  });
});

describe('http', () => {
  const post = native.post(reading('e1'));
  const handle = (event: unknown, options: object = {}) =>
    http(meters, { ...world().options, principal, ...options } as never)(event, context);

  it.each(strange)(
    'throws for %j, for any answer would acknowledge an event of something else',
    async (odd) => {
      await expect(handle(odd)).rejects.toMatchObject({
        code: 'invalid-event',
        field: 'requestContext',
      });
    },
  );

  it.each([
    [401, () => undefined],
    [503, () => Promise.reject(new Error('The key server is down.'))],
    [503, () => ({ kind: 'device' }) as never],
    [202, () => ({ kind: 'device', id: 'm1' })],
  ])('answers %d as authenticate says', async (status, authenticate) => {
    expect(await handle(post, { authenticate })).toMatchObject({ statusCode: status });
  });

  it.each([
    [400, '{'],
    [400, ''],
    [413, 'x'.repeat(2 ** 20 + 1)],
  ])('answers %d to a body that cannot be taken', async (status, body) => {
    const event = { ...post, body, isBase64Encoded: false };
    expect(await handle(event)).toMatchObject({ statusCode: status });
  });

  it('answers 415 to what is no CloudEvent, and 405 to another method', async () => {
    const headers = { 'content-type': 'application/json' };
    expect(await handle({ ...post, headers })).toMatchObject({ statusCode: 415 });
    const requestContext = { ...post.requestContext, http: { method: 'GET' } };
    expect(await handle({ ...post, requestContext })).toMatchObject({ statusCode: 405 });
  });
});

describe('kafka', () => {
  const handle = async (event: unknown, options: object = {}) => {
    const at = world();
    const answer = await kafka(meters, { ...at.options, principal, ...options })(event, context);
    return { at, failed: answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
  };

  it.each([...strange, { records: null }, { records: { 'a-0': 'no' } }])(
    'throws for %j, of which nothing can be named',
    async (odd) => {
      await expect(handle(odd)).rejects.toMatchObject({ code: 'invalid-event', field: 'records' });
    },
  );

  it.each([null, 1, 'text', {}, { value: 7, headers: 'no' }, { headers: [null, { a: 'b' }] }])(
    'buries the record %j',
    async (odd) => {
      const { at, failed } = await handle({ records: { 'a-0': [odd] } });
      expect([at.codes(), failed]).toEqual([['unsupported-media-type'], []]);
    },
  );

  it('names the first record of each partition that must come again, as Lambda wants it', async () => {
    const store = faultyStore(memoryStore(), () => 'down');
    const [one] = Object.values(native.kafkaEvent([reading('e1'), reading('e2')]).records);
    const two = one?.map((record) => ({ ...record, partition: 4, offset: record.offset + 7 }));
    const { failed } = await handle(
      { records: { 'readings-3': one, 'readings-4': two } },
      { store },
    );
    expect(failed).toEqual([
      { partition: 'readings-3', offset: 0 },
      { partition: 'readings-4', offset: 7 },
    ]);
  });
});

describe('schedule', () => {
  it.each([{ shard: {} }, { shard: { index: 4, of: 4 } }, { shard: null }])(
    'refuses the shard of %j',
    async (event) => {
      const swept = async () => schedule(meters, world().options)(event, context);
      await expect(swept()).rejects.toMatchObject({ code: 'invalid-option', field: 'shard' });
    },
  );

  it.each([undefined, null, {}, 'text', { source: 'aws.events' }])(
    'sweeps for %j',
    async (event) => {
      const swept = await schedule(meters, world().options)(event, context);
      expect(swept).toEqual({ records: 0, failed: 0, more: false });
    },
  );

  it('throws when the store cannot be read', async () => {
    const at = world({ store: faultyStore(memoryStore(), () => 'down') });
    await expect(schedule(meters, at.options)({}, context)).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
  });
});
