import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { Principal } from '../ports/principal.ts';
import { assertJson, type Schema } from './schema.ts';

/**
 * An event not yet stamped: what a step emits and what a test says happened.
 *
 * `key` tells outputs of one step apart that share type and subject, and keeps their ids when the order in the code changes; without it their
 * position does. `partition` overrides what is kept in order together.
 */
export interface Draft<T extends string = string, D = unknown> {
  readonly type: T;
  readonly subject: string;
  readonly data: D;
  readonly key?: string;
  readonly partition?: string;
  /** When it is of no use any more (ms): it is not sent after that. */
  readonly expires?: number;
}

/** An older version of an event type, still understood: recognised by its type or its `dataschema`. */
export interface OlderVersion<D = unknown> {
  readonly type?: string;
  readonly dataschema?: string;
  readonly data: Schema;
  readonly upcast: (data: never) => D;
}

/** What the library knows of an event type. */
export interface EventType<T extends string = string, D = unknown> {
  readonly type: T;
  readonly data: Schema<D>;
  readonly older: readonly OlderVersion<D>[];
  /** A command's life in ms: it is never sent later. */
  readonly expiresMs?: number;
  /** Emitted only if this app has a subscriber. */
  readonly quiet?: boolean;
  /** The name of the part that alone emits it. */
  readonly madeBy?: string;
  /** Who may say it, whoever handles it; everybody who speaks for its subject when absent. */
  readonly from?: readonly Principal['kind'][];
  /** Who may say it of a subject that they do not speak for: the handler decides what to believe. */
  readonly open?: readonly Principal['kind'][];
  /** Said by devices, which need not know their home: it has no partition. */
  readonly unplaced?: boolean;
}

/** An event type that can be called to make a draft: `temperature('t1', { celsius: 14 })`. */
export interface EventDef<T extends string = string, D = unknown> extends EventType<T, D> {
  (
    subject: string,
    data: D,
    options?: { readonly key?: string; readonly partition?: string },
  ): Draft<T, D>;
}

/** An event as a step sees it: checked, and always about something. */
export type Incoming<T extends string = string, D = unknown> = CloudEvent<T, D> & {
  readonly subject: string;
  readonly data: D;
};

/** The event that an event type describes; a list of types gives the union. */
export type EventOf<E> = E extends readonly (infer One)[]
  ? EventOf<One>
  : E extends EventType<infer T, infer D>
    ? Incoming<T, D>
    : never;

/** An older version, with the type of the data it had. */
interface Older<O, D> {
  readonly type?: string;
  readonly dataschema?: string;
  readonly data: Schema<O>;
  readonly upcast: (data: O) => D;
}

/**
 * Defines an event type: its name and the schema of its data, and older versions that devices in the field still send.
 *
 * @throws {HearthError} `invalid-definition` for an empty type, a schema that is not plain JSON, or an older version that nothing tells apart.
 */
export function defineEvent<const T extends string, D, const O extends readonly unknown[] = []>(
  type: T,
  data: Schema<D>,
  options: { readonly older?: { readonly [K in keyof O]: Older<O[K], NoInfer<D>> } } = {},
): EventDef<T, D> {
  const versions = (options.older ?? []) as readonly OlderVersion<D>[];
  assertOlder(type, versions);
  return eventDef({ type, data, older: versions });
}

/**
 * An older version of what a device says, with the type of the data it had: for `older` of a report, an event or telemetry.
 *
 * It is recognised by its `type` or its `dataschema`; `upcast` makes today's data of it.
 */
export function older<O, D>(version: Older<O, D>): OlderVersion<D> {
  return version;
}

/** Refuses older versions that nothing tells apart, or whose data is no plain JSON. */
export function assertOlder(type: string, versions: readonly OlderVersion[]): void {
  assertApart(type, versions);
  for (const version of versions)
    assertJson(version.data, `older "${version.type ?? version.dataschema}"`);
}

function assertApart(type: string, versions: readonly OlderVersion[]): void {
  const known = new Set([JSON.stringify([type, null])]);
  for (const version of versions) {
    const name = JSON.stringify([version.type ?? type, version.dataschema ?? null]);
    if (known.has(name))
      refuse(`An older version of "${type}" needs a type or a dataschema that tells it apart.`);
    known.add(name);
  }
}

function refuse(message: string): never {
  throw new HearthError('invalid-definition', message);
}

/** Makes an event type callable. */
export function eventDef<T extends string, D>(known: EventType<T, D>): EventDef<T, D> {
  // The second takes a millisecond to be compiled.
  if (!/^[ -~]+$/.test(known.type) && !/^[^\p{Cc}\p{Cs}]+$/u.test(known.type))
    refuse(`An event type needs a name, not ${JSON.stringify(known.type)}.`);
  assertJson(known.data, `"${known.type}"`);
  const draft = (subject: string, data: D, options?: { key?: string; partition?: string }) => ({
    type: known.type,
    subject,
    data,
    ...options,
  });
  return Object.assign(draft, known);
}
