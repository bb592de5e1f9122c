import type { App, Input } from '@hearth/core';
import { recordOf, textOf } from '@hearth/core/trigger';
import { failuresOf, firstOfEach, recordsAgain, type BatchResponse } from './batch.ts';
import {
  invoker,
  recordsOf,
  runtimeOf,
  type AwsOptions,
  type LambdaContext,
} from './invocation.ts';
import { recordReader, isProved, type MessageOptions } from './message.ts';

/** A record of a data stream of Kinesis, as far as it is read. */
export interface KinesisRecord {
  /** `<shard id>:<sequence number>`. */
  readonly eventID: string;
  readonly eventSource: string;
  readonly eventSourceARN: string;
  readonly kinesis: {
    readonly partitionKey: string;
    readonly sequenceNumber: string;
    /** Base64. */
    readonly data: string;
    /** Seconds since the epoch, with a fraction. */
    readonly approximateArrivalTimestamp?: number;
  };
}

/** How records of a data stream are read. */
export type KinesisDecodeOptions = MessageOptions<KinesisRecord>;

/** How a data stream is handled. */
export interface KinesisOptions extends AwsOptions, KinesisDecodeOptions {}

/** A function behind a stream. The event source mapping must have `ReportBatchItemFailures`, else one failure repeats the batch. */
export type StreamHandler = (event: unknown, context: LambdaContext) => Promise<BatchResponse>;

/**
 * Runs an app on a data stream of Kinesis. Records of one partition key are handled in their order.
 *
 * Lambda goes on from the first record that is reported, so that one only is. What was done behind it comes again and is recognised. The
 * stream does not tell how often a record came: a step that keeps failing is tried again in process, then dead-lettered, and blocks nothing.
 */
export function kinesis(app: App, options: KinesisOptions): StreamHandler {
  const read = reader(options);
  const invoke = invoker(app, runtimeOf(options, isProved(options)));
  return async (event, context) => {
    const records = recordsOf(event, 'Kinesis');
    const again = await recordsAgain(records, read, (inputs) =>
      invoke(inputs, context, { order: 'key' }),
    );
    const first = firstOfEach(
      again,
      (record) => textOf(recordOf(record)['eventID'])?.split(':')[0],
    );
    return failuresOf(
      first.map((record) => textOf(recordOf(recordOf(record)['kinesis'])['sequenceNumber'])),
    );
  };
}

/** Reads the inputs out of what Lambda hands in for a data stream, in their order: what `kinesis` handles. */
export function decodeKinesis(
  event: unknown,
  options: KinesisDecodeOptions = {},
): readonly Input[] {
  return recordsOf(event, 'Kinesis').flatMap(reader(options));
}

function reader(options: KinesisDecodeOptions): (native: unknown) => readonly Input[] {
  return recordReader('aws:kinesis', options, (record) => {
    const {
      data,
      partitionKey,
      approximateArrivalTimestamp: arrived,
    } = recordOf(record['kinesis']);
    return {
      native: record as unknown as KinesisRecord,
      body: typeof data === 'string' ? Buffer.from(data, 'base64') : undefined,
      id: textOf(record['eventID']),
      order: textOf(partitionKey),
      source: textOf(record['eventSourceARN']) ?? 'kinesis',
      time: typeof arrived === 'number' ? Math.round(arrived * 1000) : undefined,
    };
  });
}
