import * as z from 'zod';
import { HearthError } from '../event/error.ts';
import type { Schema } from '../model/schema.ts';
import type { AnyCapability, Occurrences } from './capability.ts';

type StateOf<A> = A extends { readonly state: Schema<infer S> } ? S : never;
type WritableOf<A> = A extends { readonly writable?: Schema<infer W> } ? W : never;
type Wishable<A> = A extends AnyCapability
  ? keyof WritableOf<A> extends never
    ? never
    : A
  : never;
type CommandsOf<A> = A extends { readonly commands?: infer C } ? NonNullable<C> : never;
type EventsOf<A> = A extends { readonly events?: Occurrences<infer V> } ? V : never;

// An intersection of objects, as one object.
type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? { readonly [K in keyof I]: I[K] }
  : never;

/** The state of a device that is composed of capabilities: that of each, under its name. */
export type ComposedState<A extends AnyCapability> = {
  [One in A as One['name']]: StateOf<One>;
};

/** What can be wished for of a device that is composed of capabilities. */
export type ComposedWishes<A extends AnyCapability> = {
  [One in Wishable<A> as One['name']]: WritableOf<One>;
};

/** What `defineDevice` takes of capabilities. */
export interface Composed<A extends AnyCapability> {
  readonly state: Schema<ComposedState<A>>;
  readonly initial: ComposedState<A>;
  readonly writable: Schema<ComposedWishes<A>>;
  readonly tolerance: Record<never, never>;
  readonly commands: All<CommandsOf<A>>;
  readonly events: Occurrences<All<EventsOf<A>>>;
}

/**
 * Makes of capabilities what `defineDevice` takes: `defineDevice({ type, ...composed(onOff, levelControl) })`. The state of each is under its
 * name, and so is what can be wished for: `set('l1', { onOff: { onOff: true } })`. What follows overrides: another `initial`, for example.
 *
 * @throws {HearthError} `invalid-definition` for two of one name, or two that both have a command or event of one name.
 */
export function composed<const A extends readonly AnyCapability[]>(
  ...capabilities: A
): Composed<A[number]> {
  const missing = capabilities.findIndex((one) => (one as unknown) === undefined);
  if (missing >= 0)
    throw new HearthError(
      'invalid-definition',
      `composed() got undefined at ${missing}, perhaps because two modules import each other.`,
    );
  const parts = <V>(part: (one: AnyCapability) => V | undefined) =>
    merge(
      capabilities.map((one) => [one.name, part(one)] as const).filter(([, p]) => p !== undefined),
    ) as Readonly<Record<string, V>>;
  const together = (part: 'commands' | 'events') =>
    merge(capabilities.flatMap((one) => Object.entries<unknown>(one[part] ?? {})));
  const fitting = (schemas: Readonly<Record<string, Schema>>) =>
    z.object(schemas as Readonly<Record<string, z.ZodType>>);
  const wishes = parts(({ writable }) => writable);
  return {
    state: fitting(parts(({ state }) => state)),
    initial: parts(({ initial }) => initial),
    writable: fitting(wishes).partial(),
    tolerance: parts(({ tolerance }) => tolerance),
    commands: together('commands'),
    events: together('events'),
    // The parts were put together under the names that the type is computed from.
  } as unknown as Composed<A[number]>;
}

function merge(
  entries: readonly (readonly [string, unknown])[],
): Readonly<Record<string, unknown>> {
  const all = new Map<string, unknown>();
  for (const [name, part] of entries) {
    if (all.has(name))
      throw new HearthError(
        'invalid-definition',
        `Two capabilities of a device have "${name}"; leave one of them out, or name it otherwise.`,
        { field: name },
      );
    all.set(name, part);
  }
  return Object.fromEntries(all);
}
