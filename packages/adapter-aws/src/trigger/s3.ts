import type { App, Input } from '@hearth/core';
import type { TopicRules } from '@hearth/core/trigger';
import { nodeRuntime } from '@hearth/node';
import type { S3Record } from './envelope.ts';
import { invoker, recordsOf, throwIfRetry, type AwsOptions } from './invocation.ts';
import { messageReader, readFrom, type MessageOptions } from './message.ts';
import { recordOf } from './native.ts';
import type { AsyncHandler } from './sns.ts';
import { storedObjects } from './stored-object.ts';

/** How notifications of a bucket are read. */
export interface S3DecodeOptions extends Omit<MessageOptions<S3Record>, 'objects' | 'iot'> {
  /** What they become, by patterns of their keys such as `clips/{device}/{clip}`; their data is a `StoredObject`. */
  readonly objects?: TopicRules;
}

/** How a bucket is handled. */
export interface S3Options extends AwsOptions, S3DecodeOptions {}

/**
 * Runs an app on the notifications of a bucket of S3. It answers as `sns` does, and their order means nothing: compare the `sequencer`.
 *
 * Who stores an object is not told in a way that can be trusted; `principal: 'topic'` of a rule says that the key proves it, which holds
 * where each device may write below its own name only.
 *
 * @example
 * s3(app, { store, publisher, objects: { 'clips/{device}/{clip}': { type: 'com.acme.camera.clip-stored', principal: 'topic' } } });
 */
export function s3(app: App, options: S3Options): AsyncHandler {
  const read = reader(options);
  const invoke = invoker(app, nodeRuntime(options));
  return async (event, context) => {
    throwIfRetry(await invoke(recordsOf(event, 'S3').flatMap(read), context));
  };
}

/** Reads the inputs out of what S3 hands in, in their order: what `s3` handles. */
export function decodeS3(event: unknown, options: S3DecodeOptions = {}): readonly Input[] {
  return recordsOf(event, 'S3').flatMap(reader(options));
}

function reader({ objects, ...options }: S3DecodeOptions): (native: unknown) => readonly Input[] {
  const read = messageReader({ ...options, objects: storedObjects(objects) });
  return (native) => {
    const record = recordOf(native);
    const found = {
      native: record as unknown as S3Record,
      json: { Records: [record] },
      source: 's3',
    };
    return readFrom(read, found, record['eventSource'], 'aws:s3');
  };
}
