import { HearthError, isHearthError, type Principal } from '@hearth/core';
import {
  topicMap,
  type Plain,
  type TopicPrincipal,
  type TopicRules,
  recordOf,
  textOf,
} from '@hearth/core/trigger';

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

/** What is known of a notification: the data, the event it becomes, its identity and, where a rule says so, its sender. */
export interface ObjectNews {
  readonly json: StoredObject;
  readonly id: string;
  readonly otherwise?: Plain | HearthError;
  readonly principal?: Principal | HearthError;
  readonly source: string;
}

/** Makes news of a notification of S3, or of the event that EventBridge makes of it; gives the reason where it is none. Never throws. */
export type ObjectReader = (native: unknown) => ObjectNews | HearthError;

/**
 * Says what notifications of S3 become, by patterns of their keys such as `clips/{device}/{clip}`: the `objects` of a trigger. A key is
 * matched level by level, whatever signs it has; where none matches, `plain` of the trigger says what it is. `principal` says how who
 * stores is known, unless a rule does: `topic` takes the `{device}` of the key, where each device may write below its own name only.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for patterns that cannot be used.
 */
export function storedObjects(
  objects: TopicRules = {},
  principal: TopicPrincipal = 'anonymous',
): ObjectReader {
  const map = topicMap(objects, { scheme: 's3', spelling: 'raw', principal });
  return (native) => {
    const event = recordOf(native);
    const stored = 's3' in event ? ofNotification(event) : ofEventBridge(event);
    if (stored === undefined) {
      const message = 'The notification of S3 must name a bucket and a key.';
      return new HearthError('invalid-event', message, { field: 's3' });
    }
    const { bucket, key, versionId = '', sequencer = '', eventName } = stored;
    const { pattern, otherwise, sender } = map.at(key);
    const source = `arn:aws:s3:::${bucket}`;
    const time = textOf(event['eventTime']) ?? textOf(event['time']);
    const storer = sender();
    return {
      json: stored,
      id: [bucket, key, versionId, sequencer, eventName].join('/'),
      source,
      ...(pattern === undefined
        ? {}
        : { otherwise: isHearthError(otherwise) ? otherwise : { ...otherwise, source, time } }),
      ...(isHearthError(storer) || storer.kind !== 'anonymous' ? { principal: storer } : {}),
    };
  };
}

type Native = Readonly<Record<string, unknown>>;

function ofNotification({ eventName, s3 }: Native): StoredObject | undefined {
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

function ofEventBridge({ detail, 'detail-type': eventName }: Native) {
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
