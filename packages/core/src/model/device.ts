import type { Lives } from './binding.ts';
import type { Document } from '../twin/document.ts';
import type { TwinProfile } from '../twin/limits.ts';
import type { MergePatch, Mergeable } from '../twin/merge-patch.ts';
import type { Twin } from '../twin/twin.ts';
import type { CommandQueue } from './command-queue.ts';
import type { CommandEvents, Commands, DataOf } from './command.ts';
import { commandHandler, followedEvents } from './device-commands.ts';
import { deviceEvents, type Definition, type Events } from './device-events.ts';
import { deviceHandler } from './device-steps.ts';
import type { Sample } from './device-telemetry.ts';
import type { TwinDocument } from './device-wishes.ts';
import { eventDef, type Draft, type EventDef, type OlderVersion } from './event.ts';
import type { Part, Ref } from './handler.ts';
import type { Readable } from './reads.ts';
import { assertFits, assertJson, type Schema } from './schema.ts';
import type { Acknowledged, Presence, WishTerms } from './twin-schemas.ts';

/** A change of some properties, made by the `set` that `apply` is given. */
export interface Patch<S> {
  readonly patch: MergePatch<S>;
}

/** What a device says: the schema of the event's data, and the versions of it that devices in the field still send (see `older`). */
export interface Said<D> {
  readonly data: Schema<D>;
  readonly older?: readonly OlderVersion<NoInfer<D>>[];
}

/** What a device reports: the schema of the event's data, and what it changes in the state. */
export interface Report<D, S> extends Said<D> {
  readonly apply: (data: D, set: (patch: MergePatch<S>) => Patch<S>, state: S) => Patch<S>;
}

/** What a store keeps of a device: what it reported, what is desired of it, and where it lives. */
export interface DeviceState<S, W> extends Twin {
  readonly reported: S & Document;
  readonly desired: Partial<W> & Document;
  /** Counts the changes of `desired`; a device may drop a `desired` event with a lower one. */
  readonly desiredRev: number;
  /** Counts the changes of `reported`. */
  readonly reportedRev: number;
  readonly home: string | null;
}

/** What is still wished for: the desired properties that differ from the reported ones. */
export interface Desired<W> {
  readonly desired: Partial<W>;
  readonly desiredRev: number;
}

/** Wishes for writable properties; `null` takes one back (RFC 7396). */
export type Wishes<W> = {
  readonly [K in keyof W]?: (W[K] extends Mergeable ? Wishes<W[K]> : W[K]) | null;
};

/** How far numbers may be apart, where the numbers are. */
export type Tolerances<W> = {
  readonly [K in keyof W]?: NonNullable<W[K]> extends object
    ? Tolerances<NonNullable<W[K]>>
    : number;
};

/** How a wish is meant. */
export interface WishOptions {
  /** When it ends (ms since the epoch): "21 °C until ten". Then it is taken back. */
  readonly until?: number;
  /** It counts only if the twin has this revision; else it is rejected as `rev-conflict`, with the twin as it is. */
  readonly ifRev?: number;
  /** The same for the desired half alone. */
  readonly ifDesiredRev?: number;
  /** The same for single wishes: the revision at which each was last changed, by JSON Pointer (`/setpoint`); 0 for one that nobody has. */
  readonly ifPath?: Readonly<Record<string, number>>;
}

/** The event types of a device model: what it says (`E`), its telemetry (`M`), and what every device has. */
export type DeviceEvents<T extends string, S, W, E, M = None> = {
  readonly [K in keyof (E & M) & string]: EventDef<`${T}.${K}`, (E & M)[K]>;
} & {
  /** A reading of the device's telemetry, passed on for a time series. */
  readonly telemetry: EventDef<
    `${T}.telemetry`,
    { readonly [K in keyof M & string]: Sample<K, M[K]> }[keyof M & string]
  >;
  /** Any properties, as they are: for devices that report in the model's own words. */
  readonly reported: EventDef<`${T}.reported`, MergePatch<S>>;
  /** What the device says of the wishes that it was told; what it rejects is not asked again until somebody wishes for it anew. */
  readonly acknowledged: EventDef<`${T}.acknowledged`, Acknowledged<MergePatch<S>>>;
  /** The device is there (again): it is told what it still has to do. */
  readonly connected: EventDef<`${T}.connected`, Presence>;
  /** A session of the device is over; of the end of an earlier session than the present one nothing follows. */
  readonly disconnected: EventDef<`${T}.disconnected`, Presence>;
  /** Asks for the whole twin, which is the reply, and is published as `twin`. */
  readonly get: EventDef<`${T}.get`, None>;
  /** The whole twin, for who asked. */
  readonly twin: EventDef<`${T}.twin`, TwinDocument<S, Partial<W>>>;
  /** The whole state, after a change; emitted only if somebody in the app subscribes to it. */
  readonly changed: EventDef<`${T}.changed`, S>;
  /** What is still wished for, for the device. */
  readonly desired: EventDef<`${T}.desired`, Desired<W>>;
  /** The device has moved out of a home. */
  readonly left: EventDef<`${T}.left`, Lives>;
  /** State taken over from another system; only a service says it. */
  readonly imported: EventDef<`${T}.imported`, MergePatch<S>>;
};

/** A device model; see `defineDevice`. */
export interface Device<T extends string, S, W, E, C extends Commands, M = None>
  extends Part, Readable<S> {
  readonly type: T;
  /** What it was defined by. */
  readonly definition: Definition;
  readonly events: DeviceEvents<T, S, W, E, M> & CommandEvents<T, C>;
  readonly commands: { readonly [K in keyof C & string]: EventDef<`${T}.${K}`, DataOf<C[K]>> };
  /** Wishes for writable properties: the last wish counts, and it survives the device being offline. Nothing can be wished for without any. */
  set(
    subject: string,
    desired: [keyof W] extends [never] ? never : Wishes<W>,
    options?: WishOptions,
  ): Draft<`${T}.set`, Wishes<W>>;
  ref(subject: string): Ref<DeviceState<S, W>>;
  /** The record of its connection and of the commands that have not ended. */
  connection(subject: string): Ref<CommandQueue>;
}

/** How a device is described; see `defineDevice`. */
export interface DeviceOptions<T extends string, S, W, E, C extends Commands, V = None, M = None> {
  /** Begins the type of every event of this device: `com.acme.thermostat`. */
  readonly type: T;
  readonly state: Schema<S>;
  readonly initial: NoInfer<S>;
  /** The properties that can be wished for, a part of the state; none when absent. */
  readonly writable?: Schema<W>;
  readonly reports?: { readonly [K in keyof E]: Report<E[K], NoInfer<S>> };
  /** What happens at the device and is no state, such as a smoke alarm: for the handlers of the app. */
  readonly events?: { readonly [K in keyof V]: Said<V[K]> };
  /** What is measured and is no state: it is passed on for a time series, as `telemetry`, and changes nothing. */
  readonly telemetry?: { readonly [K in keyof M]: Said<M[K]> };
  readonly commands?: C;
  /** How many followed commands (those with a `result`) the device has at once: 1 unless given. The others wait, in the order given. */
  readonly atOnce?: number;
  /** Whether the device is asleep unless `connected` says otherwise: commands wait until it wakes up, or expire. */
  readonly sleepy?: boolean;
  /** The version of the state's shape, from 1; `migrate` upgrades reported state of version n to n + 1. */
  readonly version?: number;
  readonly migrate?: Readonly<Record<number, (state: never) => unknown>>;
  /** The first type that this model had: its records stay where they are. */
  readonly formerly?: string;
  /** What a twin may be: at most as large as a cloud takes it, if it is to be mirrored there. */
  readonly limits?: TwinProfile;
  /** How far a reported number may be from a desired one and still be the same. */
  readonly tolerance?: Tolerances<NoInfer<W>>;
  /** Indexed fields besides `home`. */
  readonly tags?: (state: NoInfer<S>) => Readonly<Record<string, string>>;
}

type None = Record<never, never>;

function termsFor({ until, ifRev, ifDesiredRev, ifPath }: WishOptions): WishTerms {
  return {
    ...(until === undefined ? {} : { $until: new Date(until).toISOString() }),
    ...(ifRev === undefined ? {} : { $ifRev: ifRev }),
    ...(ifDesiredRev === undefined ? {} : { $ifDesiredRev: ifDesiredRev }),
    ...(ifPath === undefined ? {} : { $ifPath: ifPath }),
  };
}

// A device does what it is told, and tells nobody.
const commanders = ['service', 'user', 'hub'] as const;

/**
 * Defines a device model: its state, what it reports, what happens at it, what it measures, what can be wished for, and its commands.
 *
 * A device may only report. Apps, services and users may `set`; only apps and services may bind (`lives`) and import. A report that
 * changes nothing has no effect and is not saved.
 *
 * @throws {HearthError} `invalid-definition` for a schema that is not plain JSON, an initial state that does not fit it, a writable
 * property that the state does not have, a command without `expiresMs`, or a report, event, telemetry or command with a name that is taken.
 */
export function defineDevice<
  const T extends string,
  S extends object,
  E = None,
  W extends object = None,
  const C extends Commands = None,
  V = None,
  M = None,
>(options: DeviceOptions<T, S, W, E, C, V, M>): Device<T, S, W, E & V, C, M> {
  const loose = options as unknown as Definition;
  assertJson(options.state, `"${options.type}"`);
  assertFits(options.state, options.initial, `The initial state of "${options.type}"`);
  const events = deviceEvents(loose);
  const commands = Object.entries(loose.commands ?? {}).map(
    ([name, { data, expiresMs, allow = commanders }]) =>
      [
        name,
        eventDef({
          type: `${options.type}.${name}`,
          data,
          expiresMs,
          older: [],
          from: ['app', ...allow],
        }),
      ] as const,
  );
  const isFollowed = ([name]: readonly [string, unknown]) =>
    loose.commands?.[name]?.result !== undefined;
  const passed = Object.fromEntries(commands.filter((one) => !isFollowed(one)));
  const record = deviceHandler(loose, events, passed);
  const follower = followerFor(loose, events, Object.fromEntries(commands.filter(isFollowed)));
  const { set, ...others } = events;
  // The events were made from the same names and schemas that the type is computed from.
  return {
    type: options.type,
    definition: loose,
    events: { ...others, ...follower.events },
    commands: Object.fromEntries(commands),
    set: (subject: string, desired: object, terms: WishOptions = {}) =>
      set?.(subject, { ...desired, ...termsFor(terms) }),
    ref: (subject: string) => record.ref(subject),
    connection: (subject: string) => follower.handler.ref(subject),
    record,
    view: (kept: unknown) => (kept as DeviceState<S, W>).reported,
    handlers: [record, follower.handler],
    makes: [options.type, follower.handler.name],
    defines: [
      ...Object.values(events),
      ...commands.map(([, command]) => command),
      ...Object.values(follower.events),
    ],
  } as unknown as Device<T, S, W, E & V, C, M>;
}

/** What keeps the connection, and follows the commands that have a result. */
function followerFor(device: Definition, events: Events, defs: Readonly<Record<string, EventDef>>) {
  const { type, commands = {}, atOnce = 1, sleepy = false } = device;
  const followed = followedEvents(type);
  const presence = {
    connected: events['connected'] as EventDef,
    disconnected: events['disconnected'] as EventDef,
  };
  const model = { type, commands, defs, events: followed, atOnce, sleepy };
  const handler = commandHandler(model, presence);
  return { handler, events: { ...followed } };
}
