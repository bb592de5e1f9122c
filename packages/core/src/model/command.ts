import type { Principal } from '../ports/principal.ts';
import type { EventDef } from './event.ts';
import type { Schema } from './schema.ts';

/**
 * A momentary request (unlock, ring, reboot): it happens once or not at all, never enters the state, and is never sent after `expiresMs`.
 *
 * A step emits it, or a user or service sends it in. One without `result` is published for the device, and that is all. One with `result` is
 * followed: the device is sent a `request`, says how it goes with `answered`, and `ended` tells the outcome, which is also the reply to who asked.
 */
export interface Command<D = unknown, R = unknown> {
  readonly data: Schema<D>;
  /** From when it was given, in ms. */
  readonly expiresMs: number;
  /** What the device answers with when it has succeeded; what it answers otherwise is a code. */
  readonly result?: Schema<R>;
  /** Who may give it, besides the app itself: users, services and hubs unless given. */
  readonly allow?: readonly Principal['kind'][];
}

/** The commands of a device, by name. */
export type Commands = Readonly<Record<string, Command>>;

/** What a command is given. */
export type DataOf<C> = C extends { readonly data: Schema<infer D> } ? D : never;

/** What a device answers when a command has succeeded. */
export type ResultOf<C> = C extends { readonly result: Schema<infer R> } ? R : never;

/** A command on its way to the device. `command` names it: a device that gets it twice does it once. `until` is an RFC 3339 timestamp. */
export interface Request<N extends string = string, D = unknown> {
  readonly command: string;
  readonly name: N;
  readonly data: D;
  readonly until: string;
}

/** What a device says of a command. */
export interface Answered {
  readonly command: string;
  /** `inProgress` may come before one of the others. */
  readonly status: 'inProgress' | 'succeeded' | 'failed' | 'rejected';
  /** The device's own word for why it failed or was rejected. */
  readonly code?: string;
  readonly result?: unknown;
}

/**
 * The outcome of a command. `timedOut`: it was sent, and nobody knows whether it was done. `expired`: it was never sent.
 *
 * `question` is the `correlationid`, else the id, of the event that gave it.
 */
export interface Ended<N extends string = string, R = unknown> {
  readonly command: string;
  readonly name: N;
  readonly status: 'succeeded' | 'failed' | 'rejected' | 'timedOut' | 'expired';
  readonly code?: string;
  readonly result?: R;
  readonly question: string;
}

/** The names of the commands that are followed. */
export type Followed<C> = {
  [K in keyof C & string]: C[K] extends { readonly result: Schema } ? K : never;
}[keyof C & string];

/** The event types of commands that are followed. */
export interface CommandEvents<T extends string, C> {
  /** For the device: what it is to do. */
  readonly request: EventDef<
    `${T}.request`,
    { readonly [K in Followed<C>]: Request<K, DataOf<C[K]>> }[Followed<C>]
  >;
  /** From the device: how it goes with a command. */
  readonly answered: EventDef<`${T}.answered`, Answered>;
  /** Whether the device is there, when that has changed; emitted only if somebody in the app subscribes to it. */
  readonly presence: EventDef<`${T}.presence`, { readonly online: boolean }>;
  /** What became of a command. */
  readonly ended: EventDef<
    `${T}.ended`,
    { readonly [K in Followed<C>]: Ended<K, ResultOf<C[K]>> }[Followed<C>]
  >;
}
