import { HearthError, isHearthError, type App, type Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import {
  carefully,
  messageInput,
  uriOf,
  topicMap,
  type TopicMap,
  type TopicPrincipal,
  type TopicRules,
  recordOf,
  textOf,
} from '@hearth/core/trigger';
import { eventFunction, type EventFunction, type EventOptions } from './event-function.ts';

/** What lies where in a bucket. */
export interface StorageDecodeOptions {
  /**
   * What a change of an object becomes, by patterns of its name such as `clips/{device}/{clip}`; the first that matches counts, and what
   * none matches is rejected. Unless a pattern has `data`, the event's data is a `StoredObject`.
   */
  readonly objects: TopicRules;
  /**
   * Who stores: `topic` if each device may write below `…/{device}/…` only, or one principal, if only that one can write there. Without it
   * everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: TopicPrincipal;
  readonly limits?: Partial<Limits>;
}

/** What is known of an object in Cloud Storage. */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  /** What happened: `finalized`, `deleted`, `archived` or `metadataUpdated`. */
  readonly change: string;
  /** Grows with each content of the object; digits, which may be too many for a number. */
  readonly generation: string;
  /** Counts the changes of metadata within a generation. */
  readonly metageneration: string;
  readonly contentType?: string;
  readonly sizeBytes?: number;
}

/** How events of Cloud Storage are taken. */
export interface StorageOptions extends EventOptions, StorageDecodeOptions {}

/**
 * Runs an app on the objects of a bucket: `functions.cloudEvent('clips', storage(home, { … }))`, for one of the four kinds of events of Cloud
 * Storage. Events of one object may come in any order; `generation` tells which content is newer.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for patterns that cannot be used.
 */
export function storage(app: App, options: StorageOptions): EventFunction {
  const map = mapOf(options);
  return eventFunction(app, options, isProved(options), (event) =>
    reading(event, map, options.limits),
  );
}

/** Reads an event of Cloud Storage, as `storage` does; never throws for what comes. */
export function decodeStorage(event: unknown, options: StorageDecodeOptions): readonly [Input] {
  return reading(event, mapOf(options), options.limits);
}

function reading(event: unknown, map: TopicMap, limits: Partial<Limits> | undefined) {
  return carefully(event, () => [read(event, map, limits)] as const);
}

/** Whether anything says who stores. */
function isProved({ objects, principal }: StorageDecodeOptions): boolean {
  return principal !== undefined || Object.values(objects).some((rule) => rule.principal);
}

function mapOf({ objects, principal }: StorageDecodeOptions): TopicMap {
  return topicMap(objects, { spelling: 'raw', ...(principal === undefined ? {} : { principal }) });
}

const prefix = 'google.cloud.storage.object.v1.';

function read(event: unknown, map: TopicMap, limits: Partial<Limits> | undefined): Input {
  const { type, time, data, id, traceparent } = recordOf(event);
  const stored = storedOf(type, recordOf(data));
  if (isHearthError(stored)) {
    return messageInput({ json: event ?? null, principal: stored, id: textOf(id), limits });
  }
  const { bucket, name, change, generation, metageneration } = stored;
  const place = map.at(name);
  const { otherwise } = place;
  return messageInput({
    json: stored,
    principal: place.sender(),
    otherwise: isHearthError(otherwise)
      ? otherwise
      : {
          ...otherwise,
          source: uriOf(`//storage.googleapis.com/projects/_/buckets/${bucket}`),
          time: textOf(time),
        },
    id: [bucket, name, generation, metageneration, change].join('/'),
    traceparent,
    limits,
  });
}

/** Numbers of 64 bits are texts in JSON. */
function storedOf(
  type: unknown,
  data: Readonly<Record<string, unknown>>,
): StoredObject | HearthError {
  const { bucket, name, size, contentType } = data;
  const [generation, metageneration] = [data['generation'], data['metageneration']].map(digitsOf);
  const isOurs = typeof type === 'string' && type.startsWith(prefix);
  if (!isOurs || !textOf(bucket) || !textOf(name) || generation === undefined) {
    const message = `The event is none of Cloud Storage ("${prefix}…" with bucket, name and generation).`;
    return new HearthError('invalid-event', message, { field: isOurs ? 'data' : 'type' });
  }
  const sizeText = digitsOf(size);
  return {
    bucket: String(bucket),
    name: String(name),
    change: type.slice(prefix.length),
    generation,
    metageneration: metageneration ?? '0',
    ...(textOf(contentType) === undefined ? {} : { contentType: String(contentType) }),
    ...(sizeText === undefined ? {} : { sizeBytes: Number(sizeText) }),
  };
}

function digitsOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^\d{1,20}$/.test(text) ? text : undefined;
}
