import { HearthError, type App, type Input } from '@hearth/core';
import { carefully, recordOf, textOf } from '@hearth/core/trigger';
import { failuresOf, firstOfEach, recordsAgain, type BatchResponse } from './batch.ts';
import { invoker, runtimeOf, type AwsOptions, type LambdaContext } from './invocation.ts';
import { messageReader, isProved, type Found, type MessageOptions } from './message.ts';

/** A record of a topic of Kafka, as far as it is read. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
  /** Base64. */
  readonly key?: string;
  /** Base64. */
  readonly value?: string;
  /** Each with one name and its value as signed bytes. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[];
}

/** How records of topics are read. */
export type KafkaDecodeOptions = MessageOptions<KafkaRecord>;

/** How topics are handled. */
export interface KafkaOptions extends AwsOptions, KafkaDecodeOptions {}

/** Which record of which partition must come again. */
export interface KafkaFailure {
  /** `<topic>-<number>`. */
  readonly partition: string;
  readonly offset: number;
}

/** A function behind topics of Kafka. The event source mapping must have `ReportBatchItemFailures`, else one failure repeats the batch. */
export type KafkaHandler = (
  event: unknown,
  context: LambdaContext,
) => Promise<BatchResponse<KafkaFailure>>;

/**
 * Runs an app on topics of Kafka: of MSK, or of a cluster of your own. Records of one key are handled in their order, those without a key in
 * the order of their partition.
 *
 * The first record of a partition that must come again is reported, and Lambda goes on from it; the rest is as for `kinesis`.
 */
export function kafka(app: App, options: KafkaOptions): KafkaHandler {
  const read = reader(options);
  const invoke = invoker(app, runtimeOf(options, isProved(options)));
  return async (event, context) => {
    const again = await recordsAgain(recordsOf(event), read, (inputs) =>
      invoke(inputs, context, { order: 'key' }),
    );
    return failuresOf(firstOfEach(again, partitionOf).map(failureOf));
  };
}

/** Reads the inputs out of what Lambda hands in for topics of Kafka, partition by partition: what `kafka` handles. */
export function decodeKafka(event: unknown, options: KafkaDecodeOptions = {}): readonly Input[] {
  return recordsOf(event).flatMap(reader(options));
}

function recordsOf(event: unknown): readonly unknown[] {
  const { records } = recordOf(event);
  const lists =
    typeof records === 'object' && records !== null ? Object.values(records) : [records];
  if (!Array.isArray(records) && lists.every(Array.isArray)) return lists.flat(1);
  const message =
    'The event has no "records" by partition; check which service invokes this function.';
  throw new HearthError('invalid-event', message, { field: 'records' });
}

function partitionOf(record: unknown): string | undefined {
  const { topic, partition } = recordOf(record);
  const isNumbered = typeof topic === 'string' && typeof partition === 'number';
  return isNumbered ? `${topic}-${partition}` : undefined;
}

function failureOf(record: unknown): KafkaFailure | undefined {
  const partition = partitionOf(record);
  const { offset } = recordOf(record);
  return partition === undefined || typeof offset !== 'number' ? undefined : { partition, offset };
}

function reader(options: KafkaDecodeOptions): (native: unknown) => readonly Input[] {
  const read = messageReader(options);
  const inputsOf = (native: unknown) => {
    const record = recordOf(native);
    const partition = partitionOf(record) ?? '';
    const { key, value, timestamp, offset } = record;
    const attributes = headersOf(record['headers']);
    const type = attributes.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
    const found: Found<KafkaRecord> = {
      native: record as unknown as KafkaRecord,
      body: typeof value === 'string' ? Buffer.from(value, 'base64') : undefined,
      attributes,
      contentType: type,
      traceparent: attributes.find(([name]) => name === 'traceparent')?.[1],
      id: typeof offset === 'number' ? `${partition}-${offset}` : undefined,
      order: textOf(key) ?? partition,
      source: `kafka:${textOf(record['topic']) ?? ''}`,
      time: typeof timestamp === 'number' ? timestamp : undefined,
    };
    return read(found);
  };
  return (native) => carefully(native, () => inputsOf(native));
}

type Pairs = readonly (readonly [name: string, value: string])[];

function headersOf(headers: unknown): Pairs {
  if (!Array.isArray(headers)) return [];
  return headers.flatMap((header) =>
    Object.entries(recordOf(header)).flatMap(([name, bytes]) =>
      // JavaScript takes signed bytes modulo 256, as is meant here.
      Array.isArray(bytes) && bytes.every(Number.isInteger)
        ? [[name, Buffer.from(bytes as number[]).toString()] as const]
        : [],
    ),
  );
}
