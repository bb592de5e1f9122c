import type { Command, Commands } from '../model/command.ts';
import type { Said } from '../model/device.ts';
import type { Schema } from '../model/schema.ts';

/** The occurrences of a capability, by name: what is known of the data of each. */
export type Occurrences<V> = { readonly [K in keyof V]: Said<V[K]> };

/**
 * What a device can do, as a part of a model: the state of one cluster, its wishes, commands and events.
 *
 * `clusters` names the Matter clusters that it is shaped after, the first of which its state is of.
 */
export interface Capability<N extends string, S, W, C, V> {
  /** The property of the device's state that holds the state of this capability. */
  readonly name: N;
  readonly clusters: readonly string[];
  readonly state: Schema<S>;
  readonly initial: S;
  readonly writable?: Schema<W>;
  /** How far a reported number may be from a desired one and still be the same. */
  readonly tolerance?: { readonly [K in keyof W]?: number };
  readonly commands?: C;
  readonly events?: Occurrences<V>;
}

type None = Record<never, never>;

/** How a capability is described; see `defineCapability`. */
export interface CapabilityOptions<N extends string, S, W, C, V> {
  readonly name: N;
  readonly clusters?: readonly string[];
  readonly state: Schema<S>;
  readonly initial: NoInfer<S>;
  readonly writable?: Schema<W>;
  readonly tolerance?: { readonly [K in keyof NoInfer<W>]?: number };
  readonly commands?: C;
  readonly events?: Occurrences<V>;
}

/**
 * Defines a capability of your own, to be composed with others: a part of a state, and what goes with it.
 *
 * All properties of `writable` are optional: a wish names what it means.
 */
export function defineCapability<
  const N extends string,
  S extends object,
  W extends object = None,
  const C extends Commands = None,
  V = None,
>(options: CapabilityOptions<N, S, W, C, V>): Capability<N, S, W, C, V> {
  return { clusters: [], ...options };
}

/** Any capability. */
export interface AnyCapability {
  readonly name: string;
  readonly clusters: readonly string[];
  readonly state: Schema<object>;
  readonly initial: object;
  readonly writable?: Schema<object>;
  readonly tolerance?: object;
  readonly commands?: Readonly<Record<string, Command>>;
  readonly events?: Readonly<Record<string, { readonly data: Schema }>>;
}
