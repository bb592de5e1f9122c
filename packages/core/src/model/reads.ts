import type { Handler } from './handler.ts';
import type { Incoming } from './event.ts';

/** Something whose records can be read: a handler, a device, a home. `view` is what others see of its state. */
export interface Readable<V = unknown> {
  readonly record: Handler;
  readonly view: (state: unknown) => V;
}

/** One record, found by a subject. */
export interface By<V = unknown> {
  readonly of: Readable<V>;
  readonly subject: (event: Incoming) => string;
  readonly limit?: undefined;
}

/** Many records, bounded: those that carry `tag` with the event's partition as its value (`home` unless said otherwise). */
export interface Each<V = unknown> {
  readonly of: Readable<V>;
  readonly tag: string;
  readonly limit: number;
  /** In a watch: the properties that the rule needs; all of them when absent. */
  readonly pick?: readonly string[];
}

/** What a handler reads besides its own record: plain data, so that the order of its keys never matters. */
export type Reads = Readonly<Record<string, By | Each>>;

/** One of many: whose it is, and what it holds. */
export interface One<V> {
  readonly subject: string;
  readonly state: V;
}

/** What a step gets for its reads. */
export type Got<R> = {
  readonly [K in keyof R]: R[K] extends Each<infer V>
    ? readonly One<V>[]
    : R[K] extends By<infer V>
      ? V
      : never;
};

/** Reads the one record whose subject `subject` computes; that of the event's partition (its home) when absent. */
export function by<V>(of: Readable<V>, subject: (event: Incoming) => string = partitionOf): By<V> {
  return { of, subject };
}

/** Reads or watches many records: those of the same home, at most `limit` (default 100), in the order of their subjects. */
export function each<V, const K extends keyof V & string = keyof V & string>(
  of: Readable<V>,
  options: { readonly tag?: string; readonly limit?: number; readonly pick?: readonly K[] } = {},
): Each<Pick<V, K>> {
  const { tag = 'home', limit = 100 } = options;
  return { of: of as Readable as Readable<Pick<V, K>>, tag, limit, ...pickOf(options.pick) };
}

const pickOf = (pick?: readonly string[]) => (pick === undefined ? {} : { pick });

/** What is kept in order together: the home a device lives in, else the subject. */
export function partitionOf(event: Incoming): string {
  return event.partitionkey ?? event.subject;
}

/** The state as it is. */
export const identity = (state: unknown): unknown => state;
