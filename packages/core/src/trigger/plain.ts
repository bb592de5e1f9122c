import { checkEvent } from '../event/attributes.ts';
import { readBinary } from '../event/binary.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, invalid, isHearthError } from '../event/error.ts';
import type { Limits } from '../event/limits.ts';
import type { Body } from '../event/utf8.ts';

/**
 * The event that a plain payload becomes: what the transport knows of it, with the payload as data.
 *
 * The payload is read by the message's content type, else by `contentType`: JSON must be JSON, text stays text, and anything else is
 * base64. The id is the sender's own (`ownId` of the message), else `id`, else the property `idFrom` of the payload, else the transport's.
 */
export interface Plain {
  readonly type: string;
  /** A URI-reference that names where the payload comes from, such as a queue, a bucket or a topic. */
  readonly source: string;
  readonly subject?: string | undefined;
  /** RFC 3339, or ms since the epoch. */
  readonly time?: string | number | undefined;
  readonly id?: string | undefined;
  /** The property of the payload that identifies it, such as a counter of the device. */
  readonly idFrom?: string | undefined;
  /** What the payload is, where the message does not say: `application/json` unless given. */
  readonly contentType?: string | undefined;
  /** Makes the event's data of the payload; what is neither JSON nor text comes as base64. What it throws makes the message `invalid-data`. */
  readonly data?: ((payload: unknown) => unknown) | undefined;
}

/** What a message has besides. */
export interface PlainMessage {
  readonly body: Body;
  readonly contentType: string | undefined;
  readonly ownId: string | undefined;
  readonly transportId: () => string | undefined;
  readonly limits: Partial<Limits> | undefined;
}

/**
 * Makes the event of a plain payload.
 *
 * @throws {HearthError} `invalid-event`, `invalid-data` or `limit-exceeded`.
 */
export function plainEvent(plain: Plain, message: PlainMessage): CloudEvent {
  const { idFrom, data: dataOf } = plain;
  const { limits, transportId } = message;
  const known = message.ownId || plain.id;
  // An id in the payload takes the place of the dash once the payload has been read.
  const id = known || (idFrom === undefined ? (transportId() ?? '') : '-');
  const type = message.contentType || plain.contentType || 'application/json';
  const event = readBinary(attributesOf(plain, id), type, message.body, limits);
  if (dataOf === undefined && (known || idFrom === undefined)) return event;
  const found = known || idFrom === undefined ? id : (idIn(event.data, idFrom) ?? transportId());
  const named = { ...event, id: found ?? '' };
  if (dataOf === undefined) return checkEvent(named, limits);
  // The content type was that of the payload.
  const { datacontenttype: _, data_base64, data, ...rest } = named;
  return checkEvent({ ...rest, data: dataFrom(dataOf, data ?? data_base64) }, limits);
}

function attributesOf(
  { type, source, subject, time }: Plain,
  id: string,
): readonly (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [
    ['specversion', '1.0'],
    ['id', id],
    ['source', source],
    ['type', type],
  ];
  if (subject !== undefined) pairs.push(['subject', subject]);
  if (time !== undefined) pairs.push(['time', timeOf(time)]);
  return pairs;
}

function timeOf(time: string | number): string {
  if (typeof time === 'string') return time;
  // Beyond this no date exists, and asking for its text throws.
  if (!(Math.abs(time) <= 8.64e15)) throw invalid('time', 'must be an instant in ms');
  return new Date(time).toISOString();
}

function idIn(data: unknown, property: string): string | undefined {
  const value: unknown = Object.hasOwn(Object(data) as object, property)
    ? (data as Readonly<Record<string, unknown>>)[property]
    : undefined;
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
    ? String(value)
    : undefined;
}

function dataFrom(make: NonNullable<Plain['data']>, payload: unknown): unknown {
  try {
    return make(payload);
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    throw new HearthError('invalid-data', 'No data could be made of the payload.', {
      field: 'data',
      cause,
    });
  }
}
