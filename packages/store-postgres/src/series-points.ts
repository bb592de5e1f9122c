import { HearthError } from '@hearth/core/event';
import { isTimestamp } from '@hearth/core/event';

/** One value of a series at an instant. */
export interface SeriesPoint {
  /** Names the series, such as `t1/celsius`: 1 to 500 characters. */
  readonly series: string;
  readonly value: number;
  /** An RFC 3339 timestamp, or milliseconds; the `time` of the event unless given. Kept to the microsecond. */
  readonly time?: string | number;
}

/** A point as a row: the instant is RFC 3339 text. */
export interface SeriesRow {
  readonly series: string;
  readonly time: string;
  readonly value: number;
}

/**
 * Makes a row of a point.
 *
 * @throws {HearthError} `invalid-data` for what is no series, number or instant.
 */
export function rowOf(point: SeriesPoint, otherwise: string | undefined): SeriesRow {
  const { series, value, time = otherwise } = point;
  // PostgreSQL has no NUL in texts, and a key may have a third of a page.
  if (typeof series !== 'string' || !/^[^\0\p{Cs}]{1,500}$/u.test(series))
    refuse('series', 'must be a text of 1 to 500 characters');
  if (typeof value !== 'number' || !Number.isFinite(value))
    refuse('value', 'must be a finite number');
  return { series, value, time: instantOf(time) };
}

// What PostgreSQL rounds is the same instant however it is written, so that doubled points meet.
function instantOf(time: string | number | undefined): string {
  if (typeof time === 'number' && Math.abs(time) <= 8.64e15) {
    const micros = Math.round((time - Math.floor(time)) * 1000);
    const text = new Date(Math.floor(time) + (micros === 1000 ? 1 : 0)).toISOString();
    return checked(text.replace('Z', `${`${micros % 1000}`.padStart(3, '0')}Z`));
  }
  if (typeof time !== 'string' || !isTimestamp(time))
    return refuse('time', 'must be an RFC 3339 timestamp or milliseconds');
  const [, fraction = ''] = /\.(\d+)/.exec(time) ?? [];
  const seconds = new Date(time.replace(/\.\d+/, '')).toISOString().slice(0, -4);
  return checked(`${seconds}${fraction.slice(0, 6).padEnd(6, '0')}Z`);
}

function checked(text: string): string {
  // Beyond four digits years are written otherwise.
  return /^\d{4}-/.test(text) && !text.startsWith('0000')
    ? text
    : refuse('time', 'must be between the years 1 and 9999');
}

function refuse(field: string, fix: string): never {
  throw new HearthError('invalid-data', `"${field}" of a point ${fix}.`, { field });
}
