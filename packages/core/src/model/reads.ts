import { HearthError } from '../event/error.ts';
import type { Handler } from './handler.ts';
import type { Incoming } from './event.ts';

/** Something whose records can be read: a handler, a device, a home. `view` is what others see of its state. */
export interface Readable<V = unknown> {
  readonly record: Handler;
  readonly view: (state: unknown) => V;
}

/** Where a read looks: at the subject computed from the event, or at the one that another read gives (`null`: the event's own). */
export type Where = ((event: Incoming) => string) | By<string | null>;

/** One record, found by a subject. */
export interface By<V = unknown> {
  readonly of: Readable<V>;
  readonly subject: Where;
  readonly limit?: undefined;
}

/** Many records, bounded: those that carry `tag` (`home` unless said otherwise) with `value`, by default the event's partition. */
export interface Each<V = unknown> {
  readonly of: Readable<V>;
  readonly tag: string;
  readonly value: Where;
  readonly limit: number;
  /** In a watch: the properties that the rule needs; all of them when absent. */
  readonly pick?: readonly string[];
}

/** Which page of a selection is read: the records that carry `tag` = `value` and all of `and`. */
export interface PageRequest {
  readonly tag: string;
  readonly value: string;
  readonly and?: Readonly<Record<string, string>> | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One page of many records: the one that the event asks for, or none. */
export interface Page<V = unknown> {
  readonly of: Readable<V>;
  readonly page: (event: Incoming) => PageRequest | undefined;
  readonly limit?: undefined;
}

/** What a step gets of a page. Without a `cursor` it was the last one. */
export interface PageOf<V> {
  readonly all: readonly One<V>[];
  readonly cursor?: string;
}

/** What a handler reads besides its own record: plain data, so that the order of its keys never matters. */
export type Reads = Readonly<Record<string, By | Each | Page>>;

/** One of many: whose it is, and what it holds. */
export interface One<V> {
  readonly subject: string;
  readonly state: V;
}

/** What a step gets for its reads. */
export type Got<R> = {
  readonly [K in keyof R]: R[K] extends Each<infer V>
    ? readonly One<V>[]
    : R[K] extends Page<infer V>
      ? PageOf<V>
      : R[K] extends By<infer V>
        ? V
        : never;
};

/**
 * Reads the one record whose subject `subject` says; that of the event's partition (its home) when absent.
 *
 * What a device says has no partition, because a device need not know its home: `by(home, homeOf(camera))`.
 *
 * @throws {HearthError} `invalid-definition` when there is nothing to read.
 */
export function by<V>(of: Readable<V>, subject: Where = partitionOf): By<V> {
  assertReadable(of, 'by');
  return { of, subject };
}

/**
 * Reads in which home the device lives that an event is about, or `null`: for itself, or to say where `by` and `each` look.
 *
 * @throws {HearthError} `invalid-definition` when there is nothing to read.
 */
export function homeOf(device: Readable & { readonly commands: object }): By<string | null> {
  assertReadable(device, 'homeOf');
  const view = (kept: unknown) => (kept as { readonly home: string | null }).home;
  return { of: { record: device.record, view }, subject: ({ subject }) => subject };
}

/** How many records are found; see `each`. */
export interface EachOptions<K> {
  /** The indexed field by which they are found: `home` when absent. */
  readonly tag?: string;
  /** The value that the field must have: the event's partition (its home) when absent. */
  readonly value?: Where;
  /** How many at most: 100 when absent. */
  readonly limit?: number;
  /** In a watch: the properties that the rule needs; all of them when absent. */
  readonly pick?: readonly K[];
}

/**
 * Reads or watches many records: those of the same home, at most `limit`, in the order of their subjects.
 *
 * @throws {HearthError} `invalid-definition` when there is nothing to read, or for a `limit` below 1.
 */
export function each<V, const K extends keyof V & string = keyof V & string>(
  of: Readable<V>,
  options: EachOptions<K> = {},
): Each<Pick<V, K>> {
  const { tag = 'home', value = partitionOf, limit = 100, pick } = options;
  assertReadable(of, 'each');
  if (!Number.isSafeInteger(limit) || limit < 1)
    refuse(`each(…, { limit: ${limit} }) needs a limit of at least 1.`, 'limit');
  return {
    of: of as Readable as Readable<Pick<V, K>>,
    tag,
    value,
    limit,
    ...(pick === undefined ? {} : { pick }),
  };
}

/** Reads one page of many records: the step says by the events that it sends itself which one. */
export function pageOf<V>(of: Readable<V>, page: Page['page']): Page<V> {
  assertReadable(of, 'pageOf');
  return { of, page };
}

function assertReadable(of: Partial<Readable> | undefined, name: string): void {
  if (of?.record !== undefined) return;
  const why =
    of === undefined
      ? 'undefined, perhaps because two modules import each other'
      : 'what has no record; give it a handler, a device or a home';
  refuse(`${name}(…) was given ${why}.`, 'of');
}

function refuse(message: string, field: string): never {
  throw new HearthError('invalid-definition', message, { field });
}

/** What is kept in order together: the home a device lives in, else the subject. */
export function partitionOf(event: Incoming): string {
  return event.partitionkey ?? event.subject;
}

/** The state as it is. */
export const identity = (state: unknown): unknown => state;
