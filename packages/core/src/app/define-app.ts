import { HearthError } from '../event/error.ts';
import { hashState, type Midstate } from '../event/sha256.ts';
import type { Call } from '../model/call.ts';
import type { EventType, OlderVersion } from '../model/event.ts';
import type { Grants, Handler, Part, Subscription } from '../model/handler.ts';
import type { Residence } from '../model/residence.ts';
import { partitionOf, type By, type Reads, type Where } from '../model/reads.ts';

/** One handler's interest in one event type. */
export interface Route {
  readonly handler: Handler;
  readonly subscription: Subscription;
}

/** What an event type on the wire stands for: the type itself, or an older version of it. */
export interface KnownType {
  readonly event: EventType;
  readonly older?: OlderVersion;
}

/** An app: its parts, checked and indexed. Made once; the same value serves every adapter. */
export interface App {
  /** The `source` of every event that the app emits. */
  readonly source: string;
  readonly parts: readonly Part[];
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly types: ReadonlyMap<string, readonly KnownType[]>;
  readonly routes: ReadonlyMap<string, readonly Route[]>;
  /** The types that somebody handles, here or, if this app is a part of another one, there. */
  readonly heard: ReadonlySet<string>;
  readonly calls: ReadonlyMap<string, Call<string, unknown, unknown>>;
  /** Who may speak for whom, as records of its parts tell. */
  readonly grants: readonly Grants[];
  /** Where subjects belong, as records of its parts tell. */
  readonly residences: readonly Residence[];
  /** The hash state of (source, handler), by handler: ids and record hashes go on from it. */
  readonly marks: { get(handler: string): Midstate | undefined };
}

/** How an app is described; see `defineApp`. */
export interface AppOptions {
  /** A URI-reference that names the app: `urn:acme:home`. It is part of every id, so it must not change. */
  readonly source: string;
  /** Everything that the app is made of; also the event types that it emits and nothing in it handles. */
  readonly parts: readonly (Part | EventType)[];
}

/**
 * Makes an app of parts: devices, homes, rules, handlers, calls and event types.
 *
 * @throws {HearthError} `invalid-definition` when two parts share a name, two event types share a type, a part handles nothing, or a part
 * listens to something that only a missing part emits.
 */
export function defineApp({ source, parts: given }: AppOptions): App {
  const parts = given.map(partOf);
  if (!/^[!-~]+$/.test(source)) {
    throw new HearthError(
      'invalid-definition',
      'An app needs a source: a URI-reference like "urn:acme:home".',
      {
        field: 'source',
      },
    );
  }
  const handlers = new Map<string, Handler>();
  for (const handler of parts.flatMap((part) => part.handlers)) {
    if (handlers.has(handler.key)) refuse(`Two parts are named "${handler.key}".`);
    if (handler.subscriptions.size === 0)
      refuse(`"${handler.name}" handles nothing: take what the last .on(…) gives.`);
    handlers.set(handler.key, handler);
  }
  const types = typesOf(parts);
  assertMade(parts, handlers);
  const calls = parts.filter(isCall).map((call) => [call.type, call] as const);
  const routes = routesOf(handlers, types);
  return {
    source,
    parts,
    handlers,
    types,
    routes,
    heard: new Set(routes.keys()),
    calls: new Map(calls),
    grants: parts.flatMap((part) => part.grants ?? []),
    residences: parts.flatMap((part) => part.residence ?? []),
    marks: marksOf(source, handlers),
  };
}

/** Hashes when asked, and once. */
function marksOf(source: string, handlers: ReadonlyMap<string, Handler>): App['marks'] {
  const known = new Map<string, Midstate>();
  return {
    get(key) {
      const mark = known.get(key) ?? (handlers.has(key) ? hashState(source, key) : undefined);
      if (mark !== undefined) known.set(key, mark);
      return mark;
    },
  };
}

/** A part of nothing but event types: those that the app emits and no part of it handles. */
export function events(...defines: readonly EventType[]): Part {
  return { handlers: [], defines };
}

function partOf(part: Part | EventType | undefined, index: number): Part {
  if (part === undefined)
    refuse(`parts[${index}] is undefined, perhaps because two modules import each other.`);
  if ('handlers' in part) return part;
  if ('data' in part) return events(part);
  return refuse(`parts[${index}] is no part: give it what one of the define…() functions made.`);
}

function refuse(message: string): never {
  throw new HearthError('invalid-definition', message);
}

const isCall = (part: Part): part is Call<string, unknown, unknown> => 'timeoutMs' in part;

function typesOf(parts: readonly Part[]): ReadonlyMap<string, readonly KnownType[]> {
  const types = new Map<string, readonly KnownType[]>();
  const add = (type: string, known: KnownType) => {
    const others = types.get(type) ?? [];
    const other = others.find(({ older }) => older?.dataschema === known.older?.dataschema);
    if (other !== undefined)
      refuse(`"${type}" could be "${other.event.type}" or "${known.event.type}".`);
    types.set(type, [...others, known]);
  };
  const handled = parts.flatMap(({ handlers }) => handlers.flatMap(({ defines }) => defines));
  for (const event of new Set([...parts.flatMap(({ defines }) => defines), ...handled])) {
    const other = types.get(event.type)?.find(({ older }) => older === undefined)?.event;
    if (other !== undefined && other.data !== event.data)
      refuse(`Two event types are named "${event.type}".`);
    if (other !== undefined) continue;
    add(event.type, { event });
    for (const older of event.older) add(older.type ?? event.type, { event, older });
  }
  return types;
}

/** Says which part is missing when somebody listens to what only that part emits, or reads what it keeps. */
function assertMade(parts: readonly Part[], handlers: ReadonlyMap<string, Handler>): void {
  const made = new Set(parts.flatMap((part) => part.makes ?? []));
  for (const handler of handlers.values()) {
    for (const { event } of handler.subscriptions.values()) {
      if (event.madeBy === undefined || made.has(event.madeBy)) continue;
      refuse(
        `"${handler.name}" listens to "${event.type}", which only "${event.madeBy}" emits; add it to the parts.`,
      );
    }
    for (const [name, read] of Object.entries(handler.readsOf)) {
      assertKept(handlers, handler, name, read);
      assertPlaced(handler, name, read);
    }
  }
}

function whereOf(read: Reads[string]): Where | undefined {
  if ('page' in read) return undefined;
  return read.limit === undefined ? read.subject : read.value;
}

function assertKept(
  handlers: ReadonlyMap<string, Handler>,
  { name }: Handler,
  as: string,
  read: Reads[string],
): void {
  for (let one: Reads[string] | undefined = read; one !== undefined; one = furtherOf(one)) {
    const { record } = one.of;
    if (!handlers.has(record.key))
      refuse(`"${name}" reads "${as}", kept by "${record.name}"; add that to the parts.`);
  }
}

function furtherOf(read: Reads[string]): By | undefined {
  const where = whereOf(read);
  return typeof where === 'function' ? undefined : where;
}

/** A device's own words would be taken for those of a home with the device's id, and every read would give the initial state. */
function assertPlaced({ name, subscriptions }: Handler, as: string, read: Reads[string]): void {
  if (whereOf(read) !== partitionOf) return;
  for (const { event } of subscriptions.values()) {
    if (event.unplaced === true)
      refuse(
        `"${name}" reads "${as}" of the home that "${event.type}" belongs to, but a device does not know its home; say where with homeOf(…).`,
      );
  }
}

/** Who handles which type. */
export function routesOf(
  handlers: ReadonlyMap<string, Handler>,
  types: ReadonlyMap<string, readonly KnownType[]>,
): ReadonlyMap<string, readonly Route[]> {
  const routes = new Map<string, Route[]>();
  for (const handler of handlers.values()) {
    for (const subscription of handler.subscriptions.values()) {
      if (subscription.internal === true) continue;
      const { type } = subscription.event;
      const listed = routes.get(type) ?? [];
      routes.set(type, [...listed, { handler, subscription }]);
    }
  }
  // What an older type stands for is handled by whoever handles the type of today.
  for (const [type, known] of types) {
    if (known.some(({ older }) => older === undefined)) continue;
    const today = new Set(known.map(({ event }) => event.type));
    routes.set(
      type,
      [...today].flatMap((one) => routes.get(one) ?? []),
    );
  }
  return routes;
}
