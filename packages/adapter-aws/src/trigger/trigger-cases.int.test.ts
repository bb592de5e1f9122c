import { encodeHttpBinary, encodeHttpStructured, type HttpOutput } from '@hearth/core/event';
import { LambdaFailure, startLambda, type Lambda } from '@hearth/emulators/lambda';
import { meters, triggerCases } from '@hearth/testing/conformance';
import type { HostAnswer, OpenTrigger, TriggerMessage } from '@hearth/testing/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseContext } from '../../test/case-functions.ts';
import type { BatchResponse, KafkaFailure } from '../index.ts';
import { lendPorts } from '../../test/remote-runtime.ts';
import * as native from '../../test/native-events.ts';

let lambda: Lambda;
let ports: Awaited<ReturnType<typeof lendPorts>>;

beforeAll(async () => {
  const module = new URL('../../test/case-functions.ts', import.meta.url);
  [lambda, ports] = await Promise.all([startLambda({ module }), lendPorts()]);
});

afterAll(() => Promise.all([lambda.stop(), ports.stop()]));

/** How a service invokes a function: with which event, and what it makes of the answer. */
interface Service {
  /** The events of the invocations for some messages, one after the other. */
  events(
    messages: readonly TriggerMessage[],
  ): readonly (readonly [unknown, readonly TriggerMessage[]])[];
  /** What becomes of the nth message of an invocation that did not fail. */
  answer(result: unknown, nth: number): HostAnswer;
  readonly ordered?: true;
}

type One = (message: TriggerMessage, index: number) => unknown;

const batch =
  (event: (records: readonly unknown[]) => unknown, record: One): Service['events'] =>
  (messages) => [[event(messages.map(record)), messages]];
const alone =
  (event: One): Service['events'] =>
  (messages) =>
    messages.map((message, index) => [event(message, index), [message]]);

const acknowledged = (): HostAnswer => 'acknowledged';
const Records = (records: readonly unknown[]) => ({ Records: records });

/** What SQS does: it keeps the messages that are named. */
function named(result: unknown, nth: number): HostAnswer {
  return failures(result).includes(native.messageId(nth)) ? 'redelivered' : 'acknowledged';
}

/** What a stream does: it goes on at the first that is named. */
function fromFirst(result: unknown, nth: number): HostAnswer {
  const [first, ...more] = failures(result);
  expect(more).toEqual([]);
  return first !== undefined && nth >= Number(first) ? 'redelivered' : 'acknowledged';
}

function failures(result: unknown): readonly string[] {
  const { batchItemFailures } = result as BatchResponse<string | KafkaFailure>;
  return batchItemFailures.map(({ itemIdentifier: id }) =>
    typeof id === 'string' ? id : String(id.offset),
  );
}

function byStatus(result: unknown): HostAnswer {
  const { statusCode, body } = result as { readonly statusCode: number; readonly body: string };
  expect(body).toBe('');
  if (statusCode >= 200 && statusCode < 300) return 'acknowledged';
  return [404, 408, 409, 429].includes(statusCode) || statusCode >= 500 ? 'redelivered' : 'refused';
}

const request = (encode: (event: never) => HttpOutput): Service => ({
  events: alone((message) => native.httpEvent(message, encode as typeof encodeHttpStructured)),
  answer: byStatus,
});

const noText = 'keeps the text of a message that is no event';
const asSent = 'hands on an event as it was sent';

type Row = readonly [
  name: string,
  trigger: CaseContext['trigger'],
  service: Service,
  not?: readonly string[],
];

const services: readonly Row[] = [
  ['sqs, standard queue', 'sqs', { events: batch(Records, native.sqsRecord()), answer: named }],
  [
    'sqs, FIFO queue',
    'sqs',
    { events: batch(Records, native.sqsRecord('.fifo')), answer: named, ordered: true },
  ],
  [
    'sqs, binary mode',
    'sqs',
    { events: batch(Records, native.sqsBinaryRecord), answer: named },
    // An attribute of a message is a text: numbers and booleans of extensions that nobody knows stay texts.
    [asSent],
  ],
  [
    'sqs behind sns',
    'sqs',
    { events: batch(Records, native.sqsRecord('', native.snsBody)), answer: named },
  ],
  [
    'sqs behind event bridge',
    'sqs',
    { events: batch(Records, native.sqsRecord('', native.eventBridgeBody)), answer: named },
    // The detail of an event is JSON; what is none is a JSON text there, and kept as one.
    [noText],
  ],
  [
    'sqs behind an IoT rule',
    'iotQueue',
    { events: batch(Records, native.sqsRecord('', native.iotBody)), answer: named },
  ],
  [
    'kinesis',
    'kinesis',
    { events: batch(Records, native.kinesisRecord), answer: fromFirst, ordered: true },
  ],
  [
    'dynamoStream',
    'dynamoStream',
    { events: batch(Records, native.dynamoRecord), answer: fromFirst, ordered: true },
    // An item is no text, and its dead letter shows the change.
    [noText],
  ],
  [
    'kafka, binary mode',
    'kafka',
    {
      events: (messages) => [[native.kafkaEvent(messages), messages]],
      answer: fromFirst,
      ordered: true,
    },
    [asSent],
  ],
  ['sns', 'sns', { events: alone(native.snsEvent), answer: acknowledged }],
  [
    's3',
    's3',
    { events: alone(native.s3Event), answer: acknowledged },
    // Only a key arrives: it has no room for extensions, and its dead letter shows the whole notification.
    [noText, asSent],
  ],
  [
    'eventBridge',
    'eventBridge',
    { events: alone(native.eventBridgeEvent), answer: acknowledged },
    [noText],
  ],
  ['iotRule', 'iotRule', { events: alone(native.iotEvent), answer: acknowledged }],
  [
    'iotRule, binary mode',
    'iotRule',
    { events: alone(native.iotBinaryEvent), answer: acknowledged },
    [asSent],
  ],
  ['http, structured mode', 'http', request(encodeHttpStructured)],
  ['http, binary mode', 'http', request(encodeHttpBinary), [asSent]],
];

function opener(trigger: CaseContext['trigger'], service: Service): OpenTrigger {
  return async (app, runtime) => {
    expect(app).toBe(meters);
    const clientContext: CaseContext = { trigger, ports: ports.lend(runtime) };
    return {
      ...(service.ordered === undefined ? {} : { ordered: service.ordered }),
      async deliver(messages) {
        const answers: HostAnswer[] = [];
        for (const [event, these] of service.events(messages)) {
          const result = await invoked(event, clientContext);
          answers.push(
            ...these.map((_, nth) =>
              result === undefined ? 'redelivered' : service.answer(result, nth),
            ),
          );
        }
        return answers;
      },
    };
  };
}

/** The answer of the function, or `undefined` if it has thrown, as it may, one of our errors. */
async function invoked(event: unknown, clientContext: CaseContext): Promise<unknown> {
  try {
    return await lambda.invoke(event, { clientContext });
  } catch (error) {
    if (error instanceof LambdaFailure && error.errorType === 'HearthError') return undefined;
    throw error;
  }
}

for (const [name, trigger, service, not = []] of services) {
  describe(`${name}, in the real runtime of Lambda,`, () => {
    const cases = triggerCases.filter((each) => !not.includes(each.name));
    it.each(cases)('$name', ({ run }) => run(opener(trigger, service)));
  });
}
