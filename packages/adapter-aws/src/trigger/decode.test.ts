import { isHearthError, type Input } from '@hearth/core';
import type {
  APIGatewayProxyEventV2,
  Context,
  APIGatewayProxyHandlerV2,
  KinesisStreamHandler,
  SNSHandler,
  SQSHandler,
  EventBridgeEvent as OfficialEventBridgeEvent,
  KinesisStreamRecord,
  S3EventRecord,
  SNSEventRecord,
  SQSBatchResponse,
  SQSRecord,
} from 'aws-lambda';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { context, reading, world } from '../../test/meter-world.ts';
import * as native from '../../test/native-events.ts';
import {
  decodeDynamoStream,
  decodeEventBridge,
  decodeHttp,
  decodeKinesis,
  decodeS3,
  decodeSns,
  decodeSqs,
  storedObjects,
  type AsyncHandler,
  type BatchResponse,
  type HttpHandler,
  type SqsHandler,
  type StreamHandler,
  type EventBridgeEvent,
  type HttpEvent,
  type KinesisRecord,
  type LambdaContext,
  type S3Record,
  type SnsRecord,
  type SqsRecord,
} from '../index.ts';
import { fromItem } from './attribute-value.ts';
import { traceparentOf } from './x-ray.ts';

const events = (inputs: readonly Input[]) => inputs.map(({ event }) => event);
const batch = (...Records: readonly unknown[]) => ({ Records });

describe('the types of native events', () => {
  it('are part of the official ones', () => {
    expectTypeOf<SQSRecord>().toExtend<SqsRecord>();
    expectTypeOf<KinesisStreamRecord>().toExtend<KinesisRecord>();
    expectTypeOf<SNSEventRecord>().toExtend<SnsRecord>();
    expectTypeOf<S3EventRecord['s3']>().toExtend<S3Record['s3']>();
    expectTypeOf<OfficialEventBridgeEvent<string, unknown>>().toExtend<EventBridgeEvent>();
    expectTypeOf<APIGatewayProxyEventV2['requestContext']['http']>().toExtend<
      HttpEvent['requestContext']['http']
    >();
    expectTypeOf<Context>().toExtend<LambdaContext>();
    expectTypeOf<BatchResponse>().toExtend<SQSBatchResponse>();
    expectTypeOf<SqsHandler>().toExtend<SQSHandler>();
    expectTypeOf<StreamHandler>().toExtend<KinesisStreamHandler>();
    expectTypeOf<AsyncHandler>().toExtend<SNSHandler>();
    expectTypeOf<HttpHandler>().toExtend<APIGatewayProxyHandlerV2>();
  });
});

describe('decodeSqs', () => {
  const record = native.sqsRecord();

  it('tells how often a message came, and when for the last time', () => {
    const [once] = decodeSqs(batch(record(reading('e1'))));
    expect(once).toMatchObject({ attempt: 1 });
    expect(once).not.toHaveProperty('lastAttempt');
    const [last] = decodeSqs(batch(record(reading('e1'))), { maxReceiveCount: 1 });
    expect(last).toMatchObject({ attempt: 1, lastAttempt: true });
  });

  it('orders a FIFO queue by group, and a standard queue not at all', () => {
    const group = { MessageGroupId: 'g1', ApproximateReceiveCount: '1' };
    const [standard] = decodeSqs(batch({ ...record(reading('e1')), attributes: group }));
    expect(standard).not.toHaveProperty('order');
    const fifo = native.sqsRecord('.fifo')(reading('e1'));
    expect(decodeSqs(batch({ ...fifo, attributes: group }))[0]).toMatchObject({ order: 'g1' });
  });

  it('makes an event of a plain payload, with the id of the message, its queue and its time', () => {
    const plain = { ...record(reading('e1')), body: '{"watts":3}' };
    expect(events(decodeSqs(batch(plain), { plain: { type: 't', subject: 's' } }))).toEqual([
      {
        specversion: '1.0',
        id: native.messageId(0),
        source: 'arn:aws:sqs:us-east-2:123456789012:my-queue',
        type: 't',
        subject: 's',
        time: '2018-12-17T21:37:29.183Z',
        datacontenttype: 'application/json',
        data: { watts: 3 },
      },
    ]);
  });

  it('prefers the trace that a sender names to the one of X-Ray', () => {
    const xRay = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    const traced = { ...record(reading('e1')), attributes: { AWSTraceHeader: xRay } };
    const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const messageAttributes = { traceparent: { stringValue: own, dataType: 'String' } };
    const [by, alone] = decodeSqs(batch({ ...traced, messageAttributes }, traced));
    expect(by).toMatchObject({ traceparent: own });
    expect(alone?.traceparent).toBe('00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01');
  });

  it('takes a notification of S3 out of one of SNS, a record of its own for each object', () => {
    const objects = storedObjects({
      'clips/{device}/{clip}': { type: 'clip', principal: 'topic' },
    });
    const s3 = (key: string) => s3Record(key);
    const Message = JSON.stringify(
      batch(s3('clips/c1/a+b%20%C3%BC'), s3('clips/c2/x.mp4'), s3('other')),
    );
    const body = JSON.stringify({ Type: 'Notification', MessageId: '1', TopicArn: 'a', Message });
    const [spaced, clip, other] = decodeSqs(batch({ ...record(reading('e1')), body }), { objects });
    expect(spaced).toMatchObject({ event: { data: { key: 'clips/c1/a b ü' } } });
    expect(clip).toMatchObject({
      principal: { kind: 'device', id: 'c2' },
      event: {
        id: 'videos/clips/c2/x.mp4//5/ObjectCreated:Put',
        source: 'arn:aws:s3:::videos',
        subject: 'c2',
        data: { bucket: 'videos', key: 'clips/c2/x.mp4', sizeBytes: 3, sequencer: '5' },
      },
    });
    expect(isHearthError(other?.event)).toBe(true);
  });
});

function s3Record(key: string) {
  const object = { key, size: 3, sequencer: '5' };
  const s3 = { bucket: { name: 'videos' }, object };
  return {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    eventTime: '2026-01-01T00:00:00Z',
    s3,
  };
}

describe('decodeS3', () => {
  it('decodes the key as S3 has encoded it', () => {
    const plain = ({ body }: { readonly body: unknown }) => ({
      type: 't',
      subject: (body as { key: string }).key,
    });
    const [event] = events(decodeS3(batch(s3Record('a+b/%C3%BC%2B%25')), { plain }));
    expect(event).toMatchObject({ subject: 'a b/ü+%', data: { key: 'a b/ü+%' } });
  });

  it('refuses a key that cannot be decoded', () => {
    const [event] = events(decodeS3(batch(s3Record('%E0%A4%A'))));
    expect(event).toMatchObject({ code: 'invalid-event', field: 's3' });
  });
});

describe('decodeEventBridge', () => {
  const bus = {
    id: '1',
    source: 'aws.ec2',
    'detail-type': 'Changed',
    time: '2026-01-01T00:00:00Z',
  };

  it('makes an event of what is none, with its detail as data', () => {
    const plain = { type: 'com.acme.changed' };
    const [event] = events(decodeEventBridge({ ...bus, detail: { a: 1 } }, { plain }));
    expect(event).toMatchObject({ id: '1', source: 'aws.ec2', time: bus.time, data: { a: 1 } });
  });

  it('reads what S3 says by it', () => {
    const detail = { bucket: { name: 'b' }, object: { key: 'clips/c1/a b', size: 1, etag: 'e' } };
    const [event] = events(
      decodeEventBridge(
        { ...bus, source: 'aws.s3', detail },
        { objects: storedObjects(), plain: { type: 't' } },
      ),
    );
    expect(event).toMatchObject({
      source: 'arn:aws:s3:::b',
      data: { bucket: 'b', key: 'clips/c1/a b', sizeBytes: 1, eTag: 'e', eventName: 'Changed' },
    });
  });
});

describe('decodeSns', () => {
  it('reads binary mode out of the attributes of a message', () => {
    const attributes = { specversion: '1.0', id: '1', source: '/s', type: 't' };
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, Value]) => [`ce-${name}`, { Type: 'String', Value }]),
    );
    const type = { Type: 'String', Value: 'application/json' };
    const Sns = {
      MessageId: 'm',
      TopicArn: 'a',
      Message: '{"a":1}',
      MessageAttributes: { ...MessageAttributes, 'content-type': type },
    };
    expect(events(decodeSns(batch({ EventSource: 'aws:sns', Sns })))).toMatchObject([
      { ...attributes, data: { a: 1 } },
    ]);
  });
});

describe('decodeKinesis', () => {
  it('orders by partition key and names the record', () => {
    const [input] = decodeKinesis(batch(native.kinesisRecord(reading('e1'), 7)), {
      plain: { type: 't' },
    });
    expect(input?.order).toBe('{"kind":"device","id":"m1"}');
  });
});

describe('decodeDynamoStream', () => {
  it('makes an event of a change, in JSON', () => {
    const record = {
      eventID: '1',
      eventName: 'MODIFY',
      eventSource: 'aws:dynamodb',
      eventSourceARN: 'arn:aws:dynamodb:us-east-2:1:table/orders/stream/2015',
      dynamodb: {
        Keys: { id: { S: 'o1' } },
        NewImage: { id: { S: 'o1' }, n: { N: '2' } },
        OldImage: { id: { S: 'o1' }, n: { N: '1' } },
      },
    };
    const [input] = decodeDynamoStream(batch(record), {
      plain: ({ native: { change, keys } }) => ({
        type: change.toLowerCase(),
        subject: String(keys['id']),
      }),
    });
    expect(input).toMatchObject({
      order: '{"id":{"S":"o1"}}',
      event: {
        id: '1',
        type: 'modify',
        subject: 'o1',
        source: 'arn:aws:dynamodb:us-east-2:1:table/orders',
        data: { change: 'MODIFY', keys: { id: 'o1' }, after: { n: 2 }, before: { n: 1 } },
      },
    });
  });
});

describe('decodeHttp', () => {
  it('reads what http reads', () => {
    const { principal } = reading('e1');
    const { mode, inputs } = decodeHttp(native.post(reading('e1')), { principal });
    expect([mode, inputs]).toMatchObject(['structured', [{ principal, event: { id: 'e1' } }]]);
  });
});

describe('fromItem', () => {
  it('reads every type of DynamoDB', () => {
    const item = {
      s: { S: 'a' },
      n: { N: '-1.5e2' },
      large: { N: '12345678901234567890' },
      b: { B: 'AQ==' },
      t: { BOOL: true },
      z: { NULL: true },
      l: { L: [{ N: '1' }, { M: { x: { S: 'y' } } }] },
      ss: { SS: ['a', 'b'] },
      ns: { NS: ['1', '2'] },
      bs: { BS: ['AQ=='] },
    };
    expect(fromItem(item)).toEqual({
      s: 'a',
      n: -150,
      large: '12345678901234567890',
      b: 'AQ==',
      t: true,
      z: null,
      l: [1, { x: 'y' }],
      ss: ['a', 'b'],
      ns: [1, 2],
      bs: ['AQ=='],
    });
  });

  it.each([{ X: '1' }, { S: 1 }, { N: 1 }, {}, 'S', null, { S: 'a', N: '1' }, { L: [{}] }])(
    'names an attribute whose value is %j',
    (value) => {
      expect(() => fromItem({ odd: value })).toThrow('"odd" must have one value');
    },
  );

  it('refuses what nests deeper than any item of a table', () => {
    let deep: object = { S: 'a' };
    for (let n = 0; n < 100_000; n += 1) deep = { L: [deep] };
    expect(() => fromItem({ deep })).toThrow('"deep" must have one value');
  });
});

describe('traceparentOf', () => {
  it.each([
    'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
    'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
    'Root=x',
    '',
    undefined,
    7,
  ])('finds no trace in %j', (header) => {
    expect(traceparentOf(header)).toBeUndefined();
  });
});

it('a context is not needed to try a handler by hand', async () => {
  const { sqs } = await import('../index.ts');
  const { meters } = await import('@hearth/testing/conformance');
  const at = world();
  const { principal } = reading('e1');
  const handler = sqs(meters, { ...at.options, principal });
  const answer = await handler(batch(native.sqsRecord()(reading('e1'))), undefined as never);
  expect([answer, await at.total()]).toEqual([{ batchItemFailures: [] }, 1]);
  expect(context.getRemainingTimeInMillis()).toBe(30_000);
});
