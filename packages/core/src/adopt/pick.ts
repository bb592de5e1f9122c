import { routesOf, type App } from '../app/define-app.ts';
import { HearthError } from '../event/error.ts';
import type { EventType } from '../model/event.ts';
import type { Handler, Part } from '../model/handler.ts';

/** What a picked app needs from outside itself: for the subscriptions and the rights of the function that runs it. */
export interface Needs {
  /** The event types that its handlers handle and none of its own parts emits: to be subscribed to. */
  readonly incoming: readonly string[];
  /** The types that the left-out parts handle and it may emit: its publisher has to bring them there. */
  readonly outgoing: readonly string[];
  /** The handlers whose records it reads and does not write; their records must be in its store. */
  readonly reads: readonly string[];
}

/** A part of an app that runs on its own. */
export interface Picked extends App {
  readonly needs: Needs;
}

/**
 * Makes a smaller app of some parts of another one, for a function that does less and may less: `pick(app, [coldAndEmpty])`.
 *
 * It has the same source and the same event types, so ids and records are those of the whole app. What it emits for handlers that
 * were left out goes out by its publisher, `changed` events included; what they emit must come in. A call whose part was left out is
 * published for the function that has it.
 *
 * @throws {HearthError} `invalid-definition` when a part is not one of the app, or nothing is left that handles anything.
 */
export function pick(app: App, parts: readonly (Part | EventType)[]): Picked {
  const own = parts.flatMap((part, index) => partIn(app, part, index) ?? []);
  const handlers = new Map(own.flatMap((part) => part.handlers).map((one) => [one.key, one]));
  if (handlers.size === 0) refuse('Nothing was picked that handles anything.');
  const calls = [...app.calls].filter(([, call]) => own.includes(call));
  const picked: App = {
    source: app.source,
    parts: own,
    handlers,
    types: app.types,
    routes: routesOf(handlers, app.types),
    heard: app.heard,
    calls: new Map(calls),
    grants: app.grants,
    residences: app.residences,
    marks: app.marks,
  };
  return { ...picked, needs: needsOf(app, picked) };
}

function partIn(app: App, part: Part | EventType | undefined, index: number): Part | undefined {
  if (part === undefined)
    refuse(`parts[${index}] is undefined, perhaps because two modules import each other.`);
  if ('handlers' in part) {
    if (app.parts.includes(part)) return part;
    const names = part.handlers.map(({ name }) => `"${name}"`).join(', ');
    return refuse(`parts[${index}] (${names || 'event types'}) is not a part of the app.`);
  }
  // The whole app's event types are known anyway.
  if (app.types.has(part.type)) return undefined;
  return refuse(`parts[${index}] ("${part.type}") is not an event type of the app.`);
}

function needsOf(app: App, { parts, handlers }: App): Needs {
  const made = new Set(parts.flatMap((part) => part.makes ?? []));
  const own = [...handlers.values()];
  const incoming = own
    .flatMap(({ subscriptions }) => [...subscriptions.values()])
    .filter(({ internal, event: { madeBy } }) => {
      return internal !== true && (madeBy === undefined || !made.has(madeBy));
    });
  // What devices say about themselves, and what only a left-out part emits, does not come from here.
  const outgoing = [...app.routes.values()].flat().filter(({ handler, subscription }) => {
    const { madeBy, unplaced } = subscription.event;
    const isMine = madeBy === undefined ? unplaced !== true : made.has(madeBy);
    return isMine && !handlers.has(handler.key);
  });
  const reads = own.flatMap(readsOf).filter(({ key }) => !handlers.has(key));
  return {
    incoming: sorted(incoming.map(({ event }) => event.type)),
    outgoing: sorted(outgoing.map(({ subscription }) => subscription.event.type)),
    reads: sorted(reads.map(({ key }) => key)),
  };
}

function readsOf({ readsOf: reads }: Handler): readonly Handler[] {
  return Object.values(reads).map(({ of }) => of.record);
}

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].toSorted();

function refuse(message: string): never {
  throw new HearthError('invalid-definition', message, { field: 'parts' });
}
