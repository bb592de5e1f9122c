import type { App, Input } from '@hearth/core';
import { throwIfRetry } from '@hearth/core/trigger';
import type { PrincipalFrom, TopicRules } from '@hearth/core/trigger';
import type { S3Record } from './envelope.ts';
import { invoker, recordsOf, runtimeOf, type AwsOptions } from './invocation.ts';
import { recordReader, type AwsMessage, type MessageOptions } from './message.ts';
import type { AsyncHandler } from './sns.ts';
import { storedObjects } from './stored-object.ts';

/** How notifications of a bucket are read. */
export interface S3DecodeOptions extends Omit<
  MessageOptions<S3Record>,
  'objects' | 'iot' | 'principal'
> {
  /** What they become, by patterns of their keys such as `clips/{device}/{clip}`; their data is a `StoredObject`. */
  readonly objects?: TopicRules;
  /**
   * Who stores: `topic` if each device may write below its own name only, so that the `{device}` of a key is who speaks; or as for the
   * other triggers. A rule of `objects` may say something else. Without it everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: 'topic' | PrincipalFrom<AwsMessage<S3Record>>;
}

/** How a bucket is handled. */
export interface S3Options extends AwsOptions, S3DecodeOptions {}

/**
 * Runs an app on the notifications of a bucket of S3. It answers as `sns` does, and their order means nothing: compare the `sequencer`.
 *
 * Who stores an object is not told in a way that can be trusted; `principal: 'topic'` says that the key proves it, which holds where each
 * device may write below its own name only.
 *
 * @example
 * s3(app, { store, publisher, principal: 'topic', objects: { 'clips/{device}/{clip}': { type: 'com.acme.camera.clip-stored' } } });
 */
export function s3(app: App, options: S3Options): AsyncHandler {
  const read = reader(options);
  const invoke = invoker(app, runtimeOf(options, areProved(options)));
  return async (event, context) => {
    throwIfRetry(await invoke(recordsOf(event, 'S3').flatMap(read), context));
  };
}

/** Reads the inputs out of what S3 hands in, in their order: what `s3` handles. */
export function decodeS3(event: unknown, options: S3DecodeOptions = {}): readonly Input[] {
  return recordsOf(event, 'S3').flatMap(reader(options));
}

/** Whether anything says who stores. */
function areProved({ principal, objects = {} }: S3DecodeOptions): boolean {
  return principal !== undefined || Object.values(objects).some((rule) => rule.principal);
}

function reader({
  objects,
  principal,
  ...options
}: S3DecodeOptions): (native: unknown) => readonly Input[] {
  const byKey = principal === 'topic' ? principal : undefined;
  const how = {
    ...options,
    ...(principal === undefined || principal === 'topic' ? {} : { principal }),
    objects: storedObjects(objects, byKey),
  };
  return recordReader('aws:s3', how, (record) => ({
    native: record as unknown as S3Record,
    json: { Records: [record] },
    source: 's3',
  }));
}
