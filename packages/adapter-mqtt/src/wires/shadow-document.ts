import type { Mark, Marks, Twin } from '@hearth/core';
import { isObject, withoutNulls } from './wire.ts';

type Values = Readonly<Record<string, unknown>>;

/** When a leaf was last changed, in seconds; an array has one for each of its items. */
type Stamps = Readonly<Record<string, unknown>>;

/** The counter of a shadow: AWS has one for both halves. */
export const versionOf = ({ desiredRev, reportedRev }: Twin): number => desiredRev + reportedRev;

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** A twin as the document of `/get/accepted`. */
export function shadowOf(twin: Twin, now: number): Values {
  const { meta, sent } = twin;
  const desired = withoutNulls(twin.desired);
  const reported = twin.reportedRev === 0 ? {} : withoutNulls(twin.reported);
  return {
    state: {
      ...named('desired', desired),
      ...named('reported', reported),
      ...named('delta', withoutNulls(sent ?? {})),
    },
    metadata: {
      ...named('desired', stampsOf(desired, meta.desired)),
      ...named('reported', stampsOf(reported, meta.reported)),
    },
    version: versionOf(twin),
    timestamp: seconds(now),
  };
}

/** A twin as the document of `/update/delta`; `undefined` if there is nothing to do. */
export function deltaOf(twin: Twin, now: number): Values | undefined {
  const state = withoutNulls(twin.sent ?? {});
  if (Object.keys(state).length === 0) return undefined;
  const metadata = stampsOf(state, twin.meta.desired);
  return { version: versionOf(twin), timestamp: seconds(now), state, metadata };
}

/** What was asked for, as the document of `/update/accepted`: only what was in the request. */
export function acceptedOf(state: Values, twin: Twin, now: number): Values {
  const metadata = Object.entries(state).map(([half, values]) => [
    half,
    isObject(values) ? stampedNow(values, seconds(now)) : values,
  ]);
  return {
    state,
    metadata: Object.fromEntries(metadata) as Values,
    version: versionOf(twin),
    timestamp: seconds(now),
  };
}

function named(name: string, values: Values): Values {
  return Object.keys(values).length === 0 ? {} : { [name]: values };
}

function stampsOf(values: Values, marks: Marks = {}): Stamps {
  const stamps = Object.entries(values).flatMap(([name, value]) => {
    const mark: Mark | Marks | undefined = Object.hasOwn(marks, name) ? marks[name] : undefined;
    if (mark === undefined) return [];
    if (isMark(mark)) return [[name, stampOf(value, seconds(mark[1]))] as const];
    return isObject(value) ? [[name, stampsOf(value, mark)] as const] : [];
  });
  return Object.fromEntries(stamps);
}

const isMark = (mark: Mark | Marks): mark is Mark => Array.isArray(mark);

function stampedNow(values: Values, timestamp: number): Stamps {
  const stamps = Object.entries(values).map(([name, value]) => [name, stampOf(value, timestamp)]);
  return Object.fromEntries(stamps) as Stamps;
}

function stampOf(value: unknown, timestamp: number): unknown {
  if (Array.isArray(value)) return value.map((item) => stampOf(item, timestamp));
  return isObject(value) ? stampedNow(value, timestamp) : { timestamp };
}
