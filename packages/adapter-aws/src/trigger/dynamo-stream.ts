import type { App, Input } from '@hearth/core';
import { recordOf, textOf } from '@hearth/core/trigger';
import { fromItem } from './attribute-value.ts';
import { failuresOf, recordsAgain } from './batch.ts';
import { invoker, recordsOf, runtimeOf, type AwsOptions } from './invocation.ts';
import type { StreamHandler } from './kinesis.ts';
import { recordReader, isProved, type MessageOptions } from './message.ts';

/** A change of an item, in JSON: the data of the event that it becomes. */
export interface DynamoChange {
  readonly change: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly keys: Readonly<Record<string, unknown>>;
  /** The item after the change, where the stream shows it. */
  readonly after?: Readonly<Record<string, unknown>>;
  /** The item before the change, where the stream shows it. */
  readonly before?: Readonly<Record<string, unknown>>;
}

/** How changes are read: `plain` says what event a change becomes. An item that is a CloudEvent, as in an outbox table, is one. */
export type DynamoStreamDecodeOptions = MessageOptions<DynamoChange>;

/** How the stream of a table is handled. */
export interface DynamoStreamOptions extends AwsOptions, DynamoStreamDecodeOptions {}

/**
 * Runs an app on the changes of a table of DynamoDB. Changes of one item are handled in their order; the rest is as for `kinesis`.
 *
 * @example
 * dynamoStream(app, {
 *   store,
 *   publisher,
 *   principal: { kind: 'service', id: 'orders' },
 *   plain: ({ native: { change, keys } }) => ({ type: `com.acme.order.${change.toLowerCase()}`, subject: String(keys['id']) }),
 * });
 */
export function dynamoStream(app: App, options: DynamoStreamOptions): StreamHandler {
  const read = reader(options);
  const invoke = invoker(app, runtimeOf(options, isProved(options)));
  return async (event, context) => {
    const records = recordsOf(event, 'DynamoDB Streams');
    const again = await recordsAgain(records, read, (inputs) =>
      invoke(inputs, context, { order: 'key' }),
    );
    return failuresOf(
      again
        .slice(0, 1)
        .map((record) => textOf(recordOf(recordOf(record)['dynamodb'])['SequenceNumber'])),
    );
  };
}

/** Reads the inputs out of what Lambda hands in for the stream of a table, in their order: what `dynamoStream` handles. */
export function decodeDynamoStream(
  event: unknown,
  options: DynamoStreamDecodeOptions = {},
): readonly Input[] {
  return recordsOf(event, 'DynamoDB Streams').flatMap(reader(options));
}

function reader(options: DynamoStreamDecodeOptions): (native: unknown) => readonly Input[] {
  return recordReader('aws:dynamodb', options, (record) => {
    const { Keys: keys, ApproximateCreationDateTime: seconds } = recordOf(record['dynamodb']);
    // The table's part of the ARN of the stream; another stream of it is of the same source.
    const source = textOf(record['eventSourceARN'])?.replace(/\/stream\/.*$/, '') ?? 'dynamodb';
    const change = changeOf(record);
    const isEvent = change.after !== undefined && Object.hasOwn(change.after, 'specversion');
    return {
      id: textOf(record['eventID']),
      order: JSON.stringify(keys),
      source,
      time: typeof seconds === 'number' ? Math.round(seconds * 1000) : undefined,
      native: change,
      json: isEvent ? change.after : change,
    };
  });
}

function changeOf(record: Readonly<Record<string, unknown>>): DynamoChange {
  const { Keys: keys, NewImage: after, OldImage: before } = recordOf(record['dynamodb']);
  return {
    change: record['eventName'] as DynamoChange['change'],
    keys: fromItem(keys),
    ...(after === undefined ? {} : { after: fromItem(after) }),
    ...(before === undefined ? {} : { before: fromItem(before) }),
  };
}
