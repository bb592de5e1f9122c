import type { App, Input } from '@hearth/core';
import { recordOf, textOf } from '@hearth/core/trigger';
import { wakeIn } from '../wake-message.ts';
import { failuresOf, recordsAgain, type BatchResponse } from './batch.ts';
import {
  invoker,
  recordsOf,
  runtimeOf,
  type AwsOptions,
  type LambdaContext,
} from './invocation.ts';
import { contentTypeIn, recordReader, isProved, type MessageOptions } from './message.ts';
import { wakeUp } from './schedule.ts';
import { traceparentOf } from './x-ray.ts';

/** A message of SQS, as far as it is read. */
export interface SqsRecord {
  readonly messageId: string;
  readonly body: string;
  /** What SQS says of it; nothing of it is chosen by the sender but the group. */
  readonly attributes: {
    readonly ApproximateReceiveCount: string;
    readonly SentTimestamp: string;
    /** The IAM principal that sent it, by its unique id. */
    readonly SenderId: string;
    readonly MessageGroupId?: string | undefined;
    readonly AWSTraceHeader?: string | undefined;
  };
  readonly messageAttributes?: Readonly<Record<string, SqsAttribute>>;
  readonly eventSource: string;
  readonly eventSourceARN: string;
}

/** An attribute of a message of SQS. */
export interface SqsAttribute {
  readonly stringValue?: string | undefined;
  readonly dataType: string;
}

/** How messages of a queue are read. */
export interface SqsDecodeOptions extends MessageOptions<SqsRecord> {
  /** `maxReceiveCount` of the queue's redrive policy: a step that fails at the last delivery becomes a dead letter of ours, with its reason. */
  readonly maxReceiveCount?: number;
}

/** How a queue is handled. */
export interface SqsOptions extends AwsOptions, SqsDecodeOptions {}

/** A function behind a queue. The event source mapping must have `ReportBatchItemFailures`, else all is acknowledged. */
export type SqsHandler = (event: unknown, context: LambdaContext) => Promise<BatchResponse>;

/**
 * Runs an app on the messages of a queue of SQS.
 *
 * A message is acknowledged when it is done or in the dead letters; the others are reported, and come again after the visibility timeout.
 * In a FIFO queue all later messages of a group wait for the one that must come again. A message that `wake` has sent makes the app sweep.
 */
export function sqs(app: App, options: SqsOptions): SqsHandler {
  const read = reader(options);
  const runtime = runtimeOf(options, isProved(options));
  const invoke = invoker(app, runtime);
  return async (event, context) => {
    const records = recordsOf(event, 'SQS');
    const [messages, wakes] = apart(records);
    const order = records.some(isFifo) ? 'key' : 'none';
    const again = await recordsAgain(messages, read, (inputs) =>
      invoke(inputs, context, { order }),
    );
    const isAwake = await wakeUp(app, runtime, context, wakes.map(bodyOf));
    const asleep = isAwake ? [] : wakes;
    return failuresOf([...again, ...asleep].map((record) => textOf(recordOf(record)['messageId'])));
  };
}

/** Reads the inputs out of what Lambda hands in for a queue, in their order: what `sqs` handles. */
export function decodeSqs(event: unknown, options: SqsDecodeOptions = {}): readonly Input[] {
  return recordsOf(event, 'SQS').flatMap(reader(options));
}

const bodyOf = (record: unknown): unknown => recordOf(record)['body'];

/** The messages, and apart from them those by which `wake` makes the app sweep. */
function apart(records: readonly unknown[]): readonly [messages: unknown[], wakes: unknown[]] {
  const [messages, wakes]: [unknown[], unknown[]] = [[], []];
  for (const one of records) (wakeIn(bodyOf(one)) === undefined ? messages : wakes).push(one);
  return [messages, wakes];
}

/** Standard queues have message groups as well, for fairness; their order means nothing. */
function isFifo(native: unknown): boolean {
  return textOf(recordOf(native)['eventSourceARN'])?.endsWith('.fifo') === true;
}

function reader({
  maxReceiveCount,
  ...options
}: SqsDecodeOptions): (native: unknown) => readonly Input[] {
  return recordReader('aws:sqs', options, (record) => {
    const system = recordOf(record['attributes']);
    const attempt = countOf(system['ApproximateReceiveCount']);
    const attributes = stringsOf(record['messageAttributes']);
    return {
      native: record as unknown as SqsRecord,
      body: record['body'] as string,
      attributes,
      contentType: contentTypeIn(attributes),
      id: textOf(record['messageId']),
      order: isFifo(record) ? textOf(system['MessageGroupId']) : undefined,
      attempt,
      lastAttempt:
        attempt === undefined || maxReceiveCount === undefined
          ? undefined
          : attempt >= maxReceiveCount,
      traceparent: attributes['traceparent'] ?? traceparentOf(system['AWSTraceHeader']),
      source: textOf(record['eventSourceARN']) ?? 'sqs',
      time: countOf(system['SentTimestamp']),
    };
  });
}

function stringsOf(attributes: unknown): Readonly<Record<string, unknown>> {
  const pairs = Object.entries(recordOf(attributes));
  return Object.fromEntries(pairs.map(([name, one]) => [name, recordOf(one)['stringValue']]));
}

function countOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
