import { isHearthError, type Principal } from '@hearth/core';
import { describe, expect, it } from 'vitest';
import { context, reading, world } from '../../test/meter-world.ts';
import * as native from '../../test/native-events.ts';
import { meters } from '@hearth/testing/conformance';
import {
  decodeDynamoStream,
  decodeIotRule,
  decodeKafka,
  decodeS3,
  decodeSqs,
  dynamoStream,
  http,
  iotMessages,
  iotRule,
  s3,
  sqs,
} from '../index.ts';

const principal: Principal = { kind: 'service', id: 'test' };
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};
const round: Record<string, unknown> = {};
round['round'] = round;
const noText = { toString: 1, valueOf: 1, toJSON: 0 };

describe('a record that nobody has foreseen', () => {
  const [dynamo] = [native.dynamoRecord(reading('e1'), 0)];
  const [kafka] = Object.values(native.kafkaEvent([reading('e1')]).records).flat();

  it.each([
    ['keys that are nested too deeply', { Keys: deep(6000) }],
    ['keys in a circle', { Keys: round }],
    ['a set of what is no number', { Keys: {}, NewImage: { a: { NS: [noText] } } }],
    ['a set that is nested too deeply', { Keys: {}, NewImage: { a: { NS: deep(6000) } } }],
  ])('of DynamoDB with %s is rejected, and the rest of its batch is not', async (_, change) => {
    const at = world();
    const Records = [{ ...dynamo, dynamodb: change }, dynamo];
    const options = { ...at.options, principal };
    expect(await dynamoStream(meters, options)({ Records }, context)).toEqual({
      batchItemFailures: [],
    });
    expect([at.codes(), await at.total()]).toEqual([['invalid-event'], 1]);
    expect(decodeDynamoStream({ Records })).toHaveLength(2);
  });

  it.each([
    { partition: noText },
    { offset: noText },
    { headers: deep(6000) },
    { headers: [{ a: [noText] }] },
    { headers: [{ a: deep(6000) }] },
  ])('of Kafka is read without throwing', (strange) => {
    expect(decodeKafka({ records: { 'a-0': [{ ...kafka, ...strange }] } })).toHaveLength(1);
  });

  it('of AWS IoT has user properties only where they are objects', () => {
    const iot = native.iotEvent(reading('e1'));
    const [input] = decodeIotRule({ ...iot, properties: ['specversion', 'x'.repeat(1e6), [1]] });
    expect(isHearthError(input?.event)).toBe(false);
  });

  it('needs no context of Lambda', async () => {
    const at = world();
    const handle = iotRule(meters, { ...at.options, principal: () => principal });
    await handle(native.iotEvent(reading('e1')), undefined as never);
    expect(await at.total()).toBe(1);
  });
});

it('tells wake-ups from messages in a batch of any size', async () => {
  const at = world();
  const one = native.sqsRecord()(reading('e1'));
  const Records = Array.from({ length: 10_000 }, (_, nth) => ({
    ...one,
    messageId: native.messageId(nth),
    body: nth % 2 === 0 ? '{"hearth":"wake","at":1}' : one.body,
  }));
  const { batchItemFailures } = await sqs(meters, { ...at.options, principal })(
    { Records },
    context,
  );
  expect([batchItemFailures, await at.total()]).toEqual([[], 1]);
});

describe('a plain payload', () => {
  const plain = { type: 'com.acme.meter.counted' };

  it('is about the device that sends it, unless told otherwise', () => {
    const record = { ...native.sqsRecord()(reading('e1')), body: '{"by":1}' };
    const device: Principal = { kind: 'device', id: 'm1' };
    const subjects = [plain, { ...plain, subject: 'm2' }].map((one) => {
      const [input] = decodeSqs({ Records: [record] }, { principal: device, plain: one });
      return isHearthError(input?.event) ? input.event : input?.event.subject;
    });
    expect(subjects).toEqual(['m1', 'm2']);
  });

  it('has a source even if the topic of a forged envelope is no text', () => {
    const body = JSON.stringify({
      Type: 'Notification',
      MessageId: '1',
      TopicArn: 'a\ud800 b',
      Message: '{"by":1}',
    });
    const record = { ...native.sqsRecord()(reading('e1')), body };
    const [input] = decodeSqs({ Records: [record] }, { plain: { ...plain, subject: 'm1' } });
    expect(input?.event).toMatchObject({ source: 'a%EF%BF%BD%20b' });
  });
});

describe('the sender of an object', () => {
  const record = (key: string) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'videos' }, object: { key, sequencer: '5' } },
  });
  const objects = { 'my clips/{device}/{clip}': { type: 'clip' } };

  it('is the device of its key for all rules, whatever signs the key has', () => {
    const Records = [record('my+clips/c%3D1/a+b%20(2).mp4'), record('other/c1/x')];
    expect(decodeS3({ Records }, { objects, principal: 'topic' })).toMatchObject([
      { principal: { kind: 'device', id: 'c=1' }, event: { subject: 'c=1' } },
      { principal: { kind: 'anonymous' } },
    ]);
  });

  it('is what a rule says before what the trigger says', () => {
    const rule = { type: 'clip', principal } as const;
    const [input] = decodeS3(
      { Records: [record('my+clips/c1/x')] },
      { objects: { 'my clips/{device}/{clip}': rule }, principal: 'topic' },
    );
    expect(input?.principal).toEqual(principal);
  });
});

describe('a trigger by which nobody can prove who speaks', () => {
  const linesOf = (make: (options: ReturnType<typeof world>['options']) => unknown) => {
    const lines: object[] = [];
    const note = (fields: object) => void lines.push(fields);
    const { options } = world();
    make({
      ...options,
      logger: { debug: note, info: note, warn: note, error: note, fatal: note },
    });
    return lines;
  };

  it('says so when it is made', () => {
    expect(linesOf((options) => sqs(meters, options))).toEqual([{ field: 'principal' }]);
    expect(linesOf((options) => s3(meters, options))).toEqual([{ field: 'principal' }]);
    expect(linesOf((options) => http(meters, options))).toEqual([{ field: 'authenticate' }]);
    expect(linesOf((options) => iotRule(meters, { ...options, sql: 'plain' }))).toHaveLength(1);
  });

  it('says nothing where somebody can, or where the app decides who may speak', () => {
    expect(linesOf((options) => sqs(meters, { ...options, principal }))).toEqual([]);
    expect(linesOf((options) => sqs(meters, { ...options, iot: iotMessages() }))).toEqual([]);
    expect(linesOf((options) => iotRule(meters, options))).toEqual([]);
    expect(linesOf((options) => sqs(meters, { ...options, speaksFor: () => true }))).toEqual([]);
  });
});
