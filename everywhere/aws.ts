import * as aws from '@hearth/adapter-aws';
import type { BatchResponse, KafkaFailure } from '@hearth/adapter-aws';
import type { Principal, Runtime } from '@hearth/core';
import { encodeHttpBinary, encodeHttpStructured, type CloudEvent } from '@hearth/core/event';
import type { PlainPayload } from '@hearth/core/trigger';
import type { TriggerMessage } from '@hearth/testing/conformance';
import * as native from '../packages/adapter-aws/test/native-events.ts';
import { app } from './home.ts';
import {
  byStatus,
  isPlain,
  channelLimits,
  variant,
  type Answer,
  type Limit,
  type Running,
  type Way,
} from './way.ts';

type Function = (event: unknown, context: aws.LambdaContext) => Promise<unknown>;
type Messages = readonly TriggerMessage[];

const said = (text: unknown) => JSON.parse(String(text)) as Principal;
const context = { getRemainingTimeInMillis: () => 30_000 };

/** An event whose every word is in the key of an object, for S3 carries nothing else. */
function inKey({ body }: { readonly body: unknown }): PlainPayload {
  const { key } = body as { readonly key: string };
  const { specversion: _, data, ...event } = JSON.parse(key) as CloudEvent;
  return { ...event, data: () => data };
}

// Each channel proves who speaks by something that the sender does not choose: here the whole principal stands in it.
const triggers = {
  sqs: (runtime) =>
    aws.sqs(app, {
      ...runtime,
      principal: ({ native: { attributes } }) => said(attributes['SenderId']),
    }),
  iotQueue: (runtime) => aws.sqs(app, { ...runtime, iot: aws.iotMessages() }),
  kinesis: (runtime) =>
    aws.kinesis(app, { ...runtime, principal: (each) => said(each.native.kinesis.partitionKey) }),
  kafka: (runtime) =>
    aws.kafka(app, {
      ...runtime,
      principal: (each) => said(Buffer.from(each.native.key ?? '', 'base64')),
    }),
  dynamoStream: (runtime) =>
    aws.dynamoStream(app, { ...runtime, principal: (each) => said(each.native.keys['sender']) }),
  sns: (runtime) =>
    aws.sns(app, { ...runtime, principal: (each) => said(each.native.Sns.TopicArn) }),
  s3: (runtime) =>
    aws.s3(app, {
      ...runtime,
      principal: (each) => said(each.native.s3.bucket.name),
      plain: inKey,
    }),
  eventBridge: (runtime) =>
    aws.eventBridge(app, { ...runtime, principal: (each) => said(each.native.account) }),
  iotRule: (runtime) => aws.iotRule(app, runtime),
  http: (runtime) =>
    aws.http(app, {
      ...runtime,
      authenticate: ({ requestContext }) => said(requestContext.authorizer?.lambda?.['sender']),
    }),
} satisfies Readonly<Record<string, (runtime: Runtime) => Function>>;

type Trigger = keyof typeof triggers;
type Answers = (result: unknown, messages: Messages) => readonly Answer[];

function running(
  runtime: Runtime,
  trigger: Trigger,
  event: (messages: Messages) => unknown,
  answers: Answers,
): Running {
  const run: Function = triggers[trigger](runtime);
  const schedule = aws.schedule(app, runtime);
  return {
    deliver: async (messages) => answers(await run(event(messages), context), messages),
    sweep: async () => void (await schedule({}, context)),
  };
}

/** What a service does that keeps what is named among the failures, which are named by number here. */
const named: Answers = (result, messages) => {
  const { batchItemFailures } = result as BatchResponse<string | KafkaFailure>;
  const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return messages.map(() => (failed.length > 0 ? 'redelivered' : 'acknowledged'));
};

const byReturning: Answers = (_, messages) => messages.map(() => 'acknowledged');

const byResponse: Answers = (result) => [
  byStatus((result as { readonly statusCode: number }).statusCode),
];

type One = (message: TriggerMessage, nth: number) => unknown;

const batch = (
  name: string,
  trigger: Trigger,
  record: One,
  limits: readonly Limit[] = [],
): Way => ({
  name,
  limits,
  batches: true,
  open: (runtime) =>
    running(runtime, trigger, (messages) => ({ Records: messages.map(record) }), named),
});

const single = (
  name: string,
  trigger: Trigger,
  event: One,
  limits: readonly Limit[] = [],
): Way => ({
  name,
  limits,
  open: (runtime) =>
    running(
      runtime,
      trigger,
      ([message]) => message && event(message, 0),
      trigger === 'http' ? byResponse : byReturning,
    ),
});

const { devicesOnly, jsonOnly, noExtensions, textAttributes } = channelLimits;

const noItem: Limit = {
  why: 'what is no event is no item either, and its dead letter shows the change',
  applies: (message) => 'raw' in message,
};

/** DynamoDB keeps what is in a map, and not in which order. */
const inTable: One = (message, nth) => {
  if (!('event' in message) || typeof message.event.data !== 'object')
    return native.dynamoRecord(message, nth);
  const data: unknown = message.event.data && turned(message.event.data);
  return native.dynamoRecord({ ...message, event: { ...message.event, data } }, nth);
};

const turned = (map: object): object =>
  Object.fromEntries(Object.entries(map).toReversed()) as object;

const noKey: Limit = {
  why: 'its dead letter shows the notification, not the key',
  applies: (message) => 'raw' in message,
};

const aboutItself: Limit = {
  why: 'what a device says of nothing in particular is about the device, where it is no CloudEvent',
  applies: (message) => 'event' in message && message.event.subject === undefined,
};

/** What is no event, as the JSON that it is. */
const onBus: One = (message, nth) => {
  const event = native.eventBridgeEvent(message, nth);
  return 'raw' in message ? { ...event, detail: JSON.parse(message.raw) as unknown } : event;
};

const request =
  (encode: typeof encodeHttpBinary | typeof encodeHttpStructured): One =>
  (message) => {
    const event = native.httpEvent(message, encode);
    return isPlain(message)
      ? { ...event, headers: { ...event.headers, 'content-type': 'text/plain' } }
      : event;
  };

/** Every way into AWS Lambda. */
export const awsWays: readonly Way[] = [
  batch('sqs, standard queue', 'sqs', native.sqsRecord()),
  batch('sqs, FIFO queue', 'sqs', native.sqsRecord('.fifo')),
  variant(batch('sqs, binary mode', 'sqs', native.sqsBinaryRecord, [textAttributes])),
  variant(batch('sqs behind sns', 'sqs', native.sqsRecord('', native.snsBody))),
  variant(
    batch(
      'sqs behind eventBridge',
      'sqs',
      native.sqsRecord('', (message) => JSON.stringify(onBus(message, 0))),
      [jsonOnly],
    ),
  ),
  variant(
    batch('sqs behind an IoT rule', 'iotQueue', native.sqsRecord('', native.iotBody), [
      devicesOnly,
    ]),
  ),
  batch('kinesis', 'kinesis', native.kinesisRecord),
  batch('dynamoStream', 'dynamoStream', inTable, [noItem]),
  {
    name: 'kafka, binary mode',
    limits: [textAttributes],
    batches: true,
    open: (runtime) => running(runtime, 'kafka', native.kafkaEvent, named),
  },
  single('sns', 'sns', native.snsEvent),
  single('s3', 's3', native.s3Event, [aboutItself, noExtensions, noKey]),
  single('eventBridge', 'eventBridge', onBus, [jsonOnly]),
  single('iotRule', 'iotRule', native.iotEvent, [devicesOnly]),
  single('http, structured mode', 'http', request(encodeHttpStructured)),
  variant(single('http, binary mode', 'http', request(encodeHttpBinary), [textAttributes])),
];
