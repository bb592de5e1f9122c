import type { CloudEvent } from '@hearth/core';
import { encodeHttpStructured, encodeMqtt, encodeStructured } from '@hearth/core/event';
import type { TriggerMessage } from '@hearth/testing/conformance';

// What each service makes of a message, as its documentation and its captured events have it.

/** The body of a message in structured mode, or the payload that is no event. */
export function textOf(message: TriggerMessage): string {
  return 'event' in message ? encodeStructured(message.event) : message.raw;
}

const sender = ({ principal }: TriggerMessage): string => JSON.stringify(principal);

/** The id that SQS gives the nth message of a delivery. */
export function messageId(nth: number): string {
  return `059f36b4-87a3-44ab-83d2-66197595${String(nth).padStart(4, '0')}`;
}

/** A record of a queue, whose messages hold what `body` makes of them. */
export function sqsRecord(suffix = '', body: (message: TriggerMessage) => string = textOf) {
  return (message: TriggerMessage, nth = 0) => ({
    messageId: messageId(nth),
    receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
    body: body(message),
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: '1545082649183',
      SenderId: sender(message),
      ApproximateFirstReceiveTimestamp: '1545082649185',
      ...(suffix === '' ? {} : { MessageGroupId: sender(message), SequenceNumber: String(nth) }),
    },
    messageAttributes: {},
    md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-2:123456789012:my-queue${suffix}`,
    awsRegion: 'us-east-2',
  });
}

/** The same in binary mode: the attributes of the event are those of the message. */
export function sqsBinaryRecord(message: TriggerMessage, nth = 0) {
  if (!('event' in message)) return sqsRecord()(message, nth);
  const { data, ...attributes } = message.event;
  const pairs = Object.entries({ ...attributes, datacontenttype: 'application/json' });
  return {
    ...sqsRecord('', () => JSON.stringify(data))(message, nth),
    messageAttributes: Object.fromEntries(
      pairs.map(([name, value]) => [
        `ce-${name}`,
        { stringValue: String(value), stringListValues: [], dataType: 'String' },
      ]),
    ),
  };
}

function notification(message: TriggerMessage, nth = 0) {
  return {
    Type: 'Notification',
    MessageId: `95df01b4-ee98-5cb9-9903-4c221d41eb${String(nth).padStart(2, '0')}`,
    TopicArn: sender(message),
    Subject: null,
    Message: textOf(message),
    Timestamp: '2019-01-02T12:45:07.000Z',
    SignatureVersion: '1',
    Signature: 'tcc6faL2yUC6dgZdmrwh1Y4cGa',
    UnsubscribeURL: 'https://sns.us-east-2.amazonaws.com/?Action=Unsubscribe',
  };
}

/** What SNS puts into a queue that wants no raw messages. */
export function snsBody(message: TriggerMessage): string {
  return JSON.stringify(notification(message));
}

/** What SNS invokes a function with. */
export function snsEvent(message: TriggerMessage, nth: number) {
  const Sns = { ...notification(message, nth), MessageAttributes: {} };
  return { Records: [{ EventVersion: '1.0', EventSource: 'aws:sns', Sns }] };
}

/** What EventBridge invokes a function with. */
export function eventBridgeEvent(message: TriggerMessage, nth = 0) {
  return {
    version: '0',
    id: `53dc4d37-cffa-4f76-80c9-8b7d4a4d${String(nth).padStart(4, '0')}`,
    'detail-type': 'event' in message ? message.event.type : 'anything',
    source: 'urn:acme:bus',
    account: sender(message),
    time: '2015-10-08T16:53:06Z',
    region: 'us-east-1',
    resources: [],
    detail: 'event' in message ? (JSON.parse(textOf(message)) as unknown) : message.raw,
  };
}

/** What EventBridge puts into a queue. */
export function eventBridgeBody(message: TriggerMessage): string {
  return JSON.stringify(eventBridgeEvent(message));
}

/** What a rule of AWS IoT with our SQL hands over. */
export function iotEvent(message: TriggerMessage, nth = 0) {
  return {
    data_base64: Buffer.from(textOf(message)).toString('base64'),
    topic: `device/${message.principal.id}/events`,
    clientid: message.principal.id,
    principal: '1e8b6d7d6ee5b7d0e3f0c1e3b7a0d3b5',
    ts: 1545082649183,
    traceid: `81c5a5a4-9f0d-4c5b-8c2f-${String(nth).padStart(12, '0')}`,
  };
}

/** The same for a message of MQTT 5 in binary mode. */
export function iotBinaryEvent(message: TriggerMessage, nth = 0) {
  if (!('event' in message)) return iotEvent(message, nth);
  const { payload, properties } = encodeMqtt(message.event, { mode: 'binary' });
  return {
    ...iotEvent(message, nth),
    data_base64: Buffer.from(payload).toString('base64'),
    ct: properties?.contentType,
    properties: Object.entries(properties?.userProperties ?? {}).map(([name, value]) => ({
      [name]: value,
    })),
  };
}

/** What a rule of AWS IoT puts into a queue. */
export function iotBody(message: TriggerMessage): string {
  return JSON.stringify(iotEvent(message));
}

/** A record of a data stream. Its sequence number is its place in the delivery. */
export function kinesisRecord(message: TriggerMessage, nth: number) {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: sender(message),
      sequenceNumber: String(nth),
      data: Buffer.from(textOf(message)).toString('base64'),
      approximateArrivalTimestamp: 1545084650.987,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `shardId-000000000006:${nth}`,
    eventName: 'aws:kinesis:record',
    awsRegion: 'us-east-2',
    eventSourceARN: 'arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream',
  };
}

/** What Lambda hands in for topics of Kafka: all messages in one partition, in binary mode. */
export function kafkaEvent(messages: readonly TriggerMessage[]) {
  const records = messages.map((message, offset) => {
    const { data, ...rest } = 'event' in message ? message.event : { data: message.raw };
    const type = 'event' in message ? { 'content-type': 'application/json' } : {};
    const attributes = Object.entries(rest).map(([name, value]) => [`ce_${name}`, String(value)]);
    return {
      topic: 'readings',
      partition: 3,
      offset,
      timestamp: 1545084650987,
      timestampType: 'CREATE_TIME',
      key: Buffer.from(sender(message)).toString('base64'),
      value: Buffer.from('event' in message ? JSON.stringify(data) : message.raw).toString(
        'base64',
      ),
      headers: [...attributes, ...Object.entries(type)].map(([name = '', value = '']) => ({
        [name]: [...new Int8Array(Buffer.from(value))],
      })),
    };
  });
  return {
    eventSource: 'aws:kafka',
    bootstrapServers: 'b-1.kafka',
    records: { 'readings-3': records },
  };
}

/** A record of the stream of an outbox table, whose items are events. */
export function dynamoRecord(message: TriggerMessage, nth: number) {
  const item = 'event' in message ? message.event : { raw: message.raw };
  return {
    eventID: `c4ca4238a0b923820dcc509a6f75849b${nth}`,
    eventName: 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-2',
    dynamodb: {
      ApproximateCreationDateTime: 1479499740,
      Keys: { sender: { S: sender(message) } },
      NewImage: (marshalled(JSON.parse(JSON.stringify(item))) as { M: object }).M,
      SequenceNumber: String(nth),
      SizeBytes: 26,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN:
      'arn:aws:dynamodb:us-east-2:123456789012:table/outbox/stream/2015-06-27T00:48:05.899',
  };
}

function marshalled(value: unknown): object {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(marshalled) };
  const pairs = Object.entries(value as object).map(([name, one]) => [name, marshalled(one)]);
  return { M: Object.fromEntries(pairs) as object };
}

/** What S3 invokes a function with. The key is the message. */
export function s3Event(message: TriggerMessage, nth: number) {
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-2',
    eventTime: '2019-09-03T19:37:27.192Z',
    eventName: 'ObjectCreated:Put',
    userIdentity: { principalId: 'AWS:AIDAINPONIXQXHT3IKHL2' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: '828aa6fc-f7b5-4305-8584-487c791949c1',
      bucket: { name: sender(message), arn: 'arn:aws:s3:::DOC-EXAMPLE-BUCKET' },
      object: {
        key: encodeURIComponent(textOf(message) || ' ').replaceAll('%20', '+'),
        size: 1305107,
        eTag: 'b21b84d653bb07b05b1e6b33684dc11b',
        sequencer: `0C0F6F405D6ED209E${nth}`,
      },
    },
  };
  return { Records: [record] };
}

/** What a function URL invokes a function with. */
export function httpEvent(
  message: TriggerMessage,
  encode: (event: CloudEvent) => { readonly headers: object; readonly body: string | Uint8Array },
) {
  const type = { 'content-type': 'application/cloudevents+json' };
  const { headers, body } =
    'event' in message ? encode(message.event) : { headers: type, body: message.raw };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: { 'x-forwarded-proto': 'https', ...headers },
    requestContext: {
      http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      authorizer: { lambda: { sender: sender(message) } },
      requestId: 'id',
      time: '12/Mar/2020:19:03:58 +0000',
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  };
}

/** A structured event as a request, for tests that change something of it. */
export const post = (message: TriggerMessage) => httpEvent(message, encodeHttpStructured);
