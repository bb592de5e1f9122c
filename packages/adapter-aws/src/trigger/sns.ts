import type { App, Input } from '@hearth/core';
import { recordOf, textOf, throwIfRetry } from '@hearth/core/trigger';
import { isSns, type SnsNotification } from './envelope.ts';
import {
  invoker,
  recordsOf,
  runtimeOf,
  type AwsOptions,
  type LambdaContext,
} from './invocation.ts';
import { contentTypeIn, recordReader, valuesOf, isProved, type MessageOptions } from './message.ts';

/** A record of SNS, as far as it is read. */
export interface SnsRecord {
  readonly EventSource: string;
  readonly Sns: SnsNotification;
}

/** How notifications of a topic are read. */
export type SnsDecodeOptions = MessageOptions<SnsRecord>;

/** How a topic is handled. */
export interface SnsOptions extends AwsOptions, SnsDecodeOptions {}

/** A function that Lambda invokes for its own queue of events: it answers by returning, or by throwing for another delivery. */
export type AsyncHandler = (event: unknown, context: LambdaContext) => Promise<void>;

/**
 * Runs an app on the notifications of a topic of SNS.
 *
 * It returns when all is done or in the dead letters, and throws when something must come again. Lambda then invokes it twice more at most;
 * give the function a dead-letter queue or a destination for what fails even so.
 */
export function sns(app: App, options: SnsOptions): AsyncHandler {
  const read = reader(options);
  const invoke = invoker(app, runtimeOf(options, isProved(options)));
  return async (event, context) => {
    throwIfRetry(await invoke(recordsOf(event, 'SNS').flatMap(read), context));
  };
}

/** Reads the inputs out of what SNS hands in: what `sns` handles. */
export function decodeSns(event: unknown, options: SnsDecodeOptions = {}): readonly Input[] {
  return recordsOf(event, 'SNS').flatMap(reader(options));
}

function reader(options: SnsDecodeOptions): (native: unknown) => readonly Input[] {
  return recordReader('aws:sns', options, (record) => {
    const it = recordOf(record['Sns']);
    const attributes = valuesOf(it['MessageAttributes']);
    return {
      native: record as unknown as SnsRecord,
      body: isSns(it) ? it.Message : undefined,
      attributes,
      contentType: contentTypeIn(attributes),
      id: textOf(it['MessageId']),
      traceparent: attributes['traceparent'],
      source: textOf(it['TopicArn']) ?? 'sns',
      time: textOf(it['Timestamp']),
    };
  });
}
