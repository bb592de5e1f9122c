import { HearthError } from '@hearth/core';
import { nanosecondsOf } from './nanoseconds.ts';

/** The value of a field: a number is a float, a `bigint` an integer. A field keeps the type of its first value. */
export type FieldValue = number | bigint | string | boolean;

/** One point of a series, which is its measurement and tags. A point of the same series and time takes the place of its fields. */
export interface Point {
  readonly measurement: string;
  /** What is searched by; few values each. An empty one is left out, as if it was not there. */
  readonly tags?: Readonly<Record<string, string>>;
  /** What was measured; at least one. What is `undefined` is left out. */
  readonly fields: Readonly<Record<string, FieldValue | undefined>>;
  /** An RFC 3339 timestamp, milliseconds, or nanoseconds as a `bigint`; the `time` of the event unless given. */
  readonly time?: string | number | bigint;
}

/**
 * Writes a point in line protocol, tags in their order, the timestamp in nanoseconds.
 *
 * @throws {HearthError} `invalid-data` for what line protocol cannot say: a line break outside a string field, a backslash at the end of a name
 * or in front of what must be escaped, a measurement that would be a comment, a number that is none, no field, or no time.
 */
export function lineOf(point: Point, time: string | undefined): string {
  const { measurement, tags = {}, fields } = point;
  const tagSet = Object.entries(tags)
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `,${nameOf(key, 'tags')}=${escaped(value, `tags.${key}`, special)}`);
  const fieldSet = Object.entries(fields)
    .filter((entry): entry is [string, FieldValue] => entry[1] !== undefined)
    .map(([key, value]) => `${nameOf(key, 'fields')}=${valueOf(value, `fields.${key}`)}`);
  if (fieldSet.length === 0) refuse('fields', 'must have at least one');
  const at = nanosecondsOf(point.time ?? time);
  return `${measurementOf(measurement)}${tagSet.join('')} ${fieldSet.join(',')} ${at}`;
}

const special = /[,= ]/g;
const unsayable = /[\n\r]|\\(?:[,= ]|$)/;
// The names of columns that queries have themselves.
const taken = new Set(['time', '_measurement', '_field']);

function measurementOf(name: string): string {
  if (typeof name === 'string' && name.startsWith('#'))
    refuse('measurement', 'must not begin with "#", which makes the line a comment');
  return escaped(name, 'measurement', /[, ]/g);
}

function nameOf(name: string, of: string): string {
  if (taken.has(name)) refuse(`${of}.${name}`, 'has a name that InfluxDB has taken');
  return escaped(name, `${of}.${name}`, special);
}

/** A name or a tag's value. A backslash is one, but where it would escape what follows. */
function escaped(text: string, field: string, signs: RegExp): string {
  if (typeof text !== 'string' || text === '') refuse(field, 'must be a text that is not empty');
  if (unsayable.test(text))
    refuse(field, 'has a line break, or a backslash where line protocol has no way to write one');
  return text.replaceAll(signs, String.raw`\$&`);
}

function valueOf(value: FieldValue, field: string): string {
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  if (typeof value === 'boolean') return `${value}`;
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) refuse(field, 'must be an integer of 64 bits');
    return `${value}i`;
  }
  if (!Number.isFinite(value))
    refuse(field, 'must be a finite number, a bigint, a text or a boolean');
  return `${value}`;
}

function refuse(name: string, fix: string): never {
  // A name may come from a device, so it is cut and cleaned.
  const field = name.slice(0, 64).replaceAll(/[^\w.-]/g, '?');
  throw new HearthError('invalid-data', `"${field}" of a point ${fix}.`, { field });
}
