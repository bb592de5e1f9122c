import { HearthError, isHearthError, type Principal } from '@hearth/core';
import { topicMap, type Plain, type TopicRules } from '@hearth/core/trigger';
import type { EventBridgeEvent, S3Record } from './envelope.ts';
import { recordOf, textOf } from './native.ts';

/** The data of an event about an object in a bucket, unless a rule of `objects` makes something else of it. */
export interface StoredObject {
  readonly bucket: string;
  /** The key as it was given to S3. */
  readonly key: string;
  /** What happened, such as `ObjectCreated:Put`; from EventBridge, such as `Object Created`. */
  readonly eventName: string;
  readonly sizeBytes?: number;
  readonly eTag?: string;
  readonly versionId?: string;
  /** Grows with each change of one key; comparable as a text after padding on the left. */
  readonly sequencer?: string;
}

/** What is known of a notification: the data, the event it becomes, its identity and its sender. */
export interface ObjectNews {
  readonly json: StoredObject;
  readonly id: string;
  readonly otherwise: Plain | HearthError;
  /** Set where a rule of `objects` says who stores such objects. */
  readonly principal: Principal | HearthError | undefined;
}

/** Makes news of a notification of S3; gives the reason where it is none. */
export type ObjectReader = (native: S3Record | EventBridgeEvent) => ObjectNews | HearthError;

/**
 * Compiles patterns of keys, such as `clips/{device}/{clip}`, into a reader, which never throws. A key is matched as a topic is: level by
 * level.
 */
export function objectReader(objects: TopicRules = {}): ObjectReader {
  const map = topicMap(objects, { scheme: 's3' });
  return (native) => {
    const stored = 's3' in native ? ofNotification(native) : ofEventBridge(native);
    if (stored === undefined) {
      const message = 'The notification of S3 must name a bucket and a key.';
      return new HearthError('invalid-event', message, { field: 's3' });
    }
    const place = map.at(stored.key);
    const { bucket, key, versionId = '', sequencer = '', eventName } = stored;
    const source = `arn:aws:s3:::${bucket}`;
    const time = 's3' in native ? native.eventTime : native.time;
    const { otherwise } = place;
    const sender = place.sender();
    return {
      json: stored,
      id: [bucket, key, versionId, sequencer, eventName].join('/'),
      otherwise: isHearthError(otherwise) ? otherwise : { ...otherwise, source, time },
      principal: isHearthError(sender) || sender.kind !== 'anonymous' ? sender : undefined,
    };
  };
}

function ofNotification({ eventName, s3 }: S3Record): StoredObject | undefined {
  const { key: encoded, size, eTag, versionId, sequencer } = recordOf(recordOf(s3)['object']);
  const key = typeof encoded === 'string' ? decoded(encoded) : undefined;
  return storedOf(recordOf(recordOf(s3)['bucket'])['name'], {
    key,
    eventName,
    size,
    eTag,
    versionId,
    sequencer,
  });
}

function ofEventBridge({ detail, 'detail-type': eventName }: EventBridgeEvent) {
  const { bucket, object } = recordOf(detail);
  const { key, size, etag: eTag, 'version-id': versionId, sequencer } = recordOf(object);
  const { name } = recordOf(bucket);
  return storedOf(name, { key, eventName, size, eTag, versionId, sequencer });
}

function decoded(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function storedOf(
  name: unknown,
  rest: Readonly<Record<string, unknown>>,
): StoredObject | undefined {
  const [bucket, key] = [textOf(name), textOf(rest['key'])];
  if (bucket === undefined || key === undefined) return undefined;
  const { size } = rest;
  const texts = ['eTag', 'versionId', 'sequencer'].flatMap((field) => {
    const text = textOf(rest[field]);
    return text === undefined ? [] : [[field, text] as const];
  });
  return {
    bucket,
    key,
    eventName: textOf(rest['eventName']) ?? '',
    ...(typeof size === 'number' ? { sizeBytes: size } : {}),
    ...(Object.fromEntries(texts) as Pick<StoredObject, 'eTag' | 'versionId' | 'sequencer'>),
  };
}
