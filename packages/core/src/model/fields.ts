import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isTimestamp } from '../event/time.ts';
import type { Schema } from './schema.ts';

/** A check of one property, and what it says when it fails. */
type Field = readonly [fits: (value: unknown) => boolean, why: string];

const textOf = (most: number): Field => [
  (value) => typeof value === 'string' && value !== '' && value.length <= most && isSayable(value),
  `must be a text of 1 to ${most} characters, without control characters`,
];

// Ids become levels of topics and lines of access lists.
const isSayable = (value: string): boolean => !/[\p{Cc}\p{Cs}]/u.test(value);

/** A name or an id. */
export const name = textOf(256);

/** A reason, for people. */
export const reason = textOf(500);

/** A public key, a certificate or a request for one, in PEM or base64: line breaks are part of it. */
export const pem: Field = [
  (value) => typeof value === 'string' && value !== '' && value.length <= 65_536,
  'must be a text of 1 to 65536 characters',
];

// What an offset moves beyond could not be written as a timestamp again.
const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const isWithin = (ms: number): boolean => ms >= 0 && ms <= last;

/** An instant from 1970 to the end of 9999. */
export const instant: Field = [
  (value) => typeof value === 'string' && isTimestamp(value) && isWithin(Date.parse(value)),
  'must be an RFC 3339 timestamp from 1970 on',
];

/** Yes or no. */
export const flag: Field = [(value) => typeof value === 'boolean', 'must be true or false'];

/** A count. */
export const count: Field = [(value) => Number.isSafeInteger(value), 'must be a whole number'];

/** Anything with names. */
export const values: Field = [
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
];

/** The same, or left out. */
export const optional = ([fits, why]: Field): Field => [
  (value) => value === undefined || fits(value),
  why,
];

/** The same, or `null`. */
export const nullable = ([fits, why]: Field): Field => [
  (value) => value === null || fits(value),
  `${why}, or null`,
];

/** The schema of an object with these properties and no others. */
export function dataOf<T>(fields: {
  readonly [K in keyof Required<NoInfer<T>>]: Field;
}): Schema<T> {
  const known = Object.entries<Field>(fields);
  const validate = (value: unknown): StandardSchemaV1.Result<T> => {
    if (!values[0](value)) return { issues: [{ message: values[1] }] };
    const given = value as Readonly<Record<string, unknown>>;
    for (const [key, [fits, why]] of known)
      if (!fits(Object.hasOwn(given, key) ? given[key] : undefined))
        return { issues: [{ message: why, path: [key] }] };
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined) return { issues: [{ message: 'is not known', path: [unknown] }] };
    return { value: value as T };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}
