import { HearthError } from '@hearth/core';
import { isTimestamp } from '@hearth/core/event';

// What InfluxDB can hold: from 1677-09-21 to 2262-04-11, less the values that it keeps for itself.
const most = 9_223_372_036_854_775_806n;
const least = -9_223_372_036_854_775_806n;

/**
 * An instant in nanoseconds since the epoch: of an RFC 3339 timestamp with all its digits (what is beyond the ninth is cut), of
 * milliseconds, or of nanoseconds. None of it is ever a float: those hold whole nanoseconds for the first hundred days of 1970 only.
 *
 * @throws {HearthError} `invalid-data` for what is no instant, or none that InfluxDB can hold.
 */
export function nanosecondsOf(time: string | number | bigint | undefined): bigint {
  const at = exact(time);
  if (at === undefined)
    refuse('must be an RFC 3339 timestamp, milliseconds, or nanoseconds as a bigint');
  if (at < least || at > most) refuse('must be between the years 1677 and 2262');
  return at;
}

function exact(time: string | number | bigint | undefined): bigint | undefined {
  if (typeof time === 'bigint') return time;
  if (typeof time === 'string') return isTimestamp(time) ? ofText(time) : undefined;
  if (typeof time !== 'number' || !Number.isFinite(time)) return undefined;
  const whole = Math.floor(time);
  // The fraction of a millisecond is exact; the nanoseconds since the epoch would not be.
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((time - whole) * 1e6));
}

function ofText(time: string): bigint {
  const [, fraction = ''] = /\.(\d+)/.exec(time) ?? [];
  const seconds = Date.parse(time.replace(/\.\d+/, '')) / 1000;
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

function refuse(fix: string): never {
  throw new HearthError('invalid-data', `"time" of a point ${fix}.`, { field: 'time' });
}
