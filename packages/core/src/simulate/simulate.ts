import type { App } from '../app/define-app.ts';
import { callFailed, driveNow, type CallResult, type Effect, type Task } from '../app/effect.ts';
import { handling } from '../app/handle.ts';
import type { Handled } from '../app/input.ts';
import { lookAt, type Look } from '../app/read.ts';
import { keyOf } from '../app/record.ts';
import { isoTime } from '../app/stamp.ts';
import { sweeping } from '../app/sweep.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Draft } from '../model/event.ts';
import type { Ref } from '../model/handler.ts';
import { memoryPublisher } from '../ports/memory-publisher.ts';
import { memoryStore, type MemoryStore } from '../ports/memory-store.ts';
import type { Principal } from '../ports/principal.ts';
import type { Applied, Runtime } from '../ports/runtime.ts';

/** Something that happens at an instant: a draft, or an event with an identity of its own. A service says it unless told otherwise. */
export interface Moment {
  /** Milliseconds since the epoch; that of the moment before when absent. */
  readonly at?: number;
  readonly event: Draft | CloudEvent;
  readonly principal?: Principal;
}

/** What a simulation begins with. */
export interface SimulationOptions {
  /** When it begins (ms); 0 when absent. */
  readonly start?: number;
  /** Fakes for calls, by call type: they give the result (no promise of it), or throw. */
  readonly calls?: Readonly<Record<string, (request: never) => unknown>>;
  /** Records to begin with; left as they are, the simulation works on a copy. */
  readonly store?: MemoryStore;
  readonly speaksFor?: Runtime['speaksFor'];
  /** Whether own subscribers run at once (`inline`) or get what was published as new inputs (`bus`). */
  readonly cascade?: 'inline' | 'bus';
}

/** Everything that a simulation did. */
export interface SimulationResult {
  /** Every step that had an effect, in order, with its reasons. */
  readonly steps: readonly Applied[];
  readonly published: readonly CloudEvent[];
  readonly deadLetters: readonly CloudEvent[];
  /** One answer per moment. */
  readonly handled: readonly Handled[];
  readonly store: MemoryStore;
  read<V>(ref: Ref<V>): Look<V>;
}

/** A simulation that is moved on by hand. */
export interface Simulation extends SimulationResult {
  /** The simulated instant (ms). */
  now(): number;
  /** Handles moments, in order; timers that are due before each of them run first. */
  happen(...moments: readonly Moment[]): readonly Handled[];
  /** Lets time pass until `at` (ms), timers included. */
  advanceTo(at: number): void;
}

/**
 * Runs an app over a timeline with a virtual clock, timers included: the production code, without waiting.
 *
 * After the last moment time goes on to `until`; without it, it stands still there.
 */
export function simulate(
  app: App,
  timeline: Iterable<Moment>,
  options: SimulationOptions & { readonly until?: number } = {},
): SimulationResult {
  const run = simulation(app, options);
  for (const moment of timeline) run.happen(moment);
  if (options.until !== undefined) run.advanceTo(options.until);
  return run;
}

interface World {
  readonly app: App;
  readonly store: MemoryStore;
  readonly runtime: Runtime;
  readonly perform: (effect: Effect) => unknown;
  readonly published: CloudEvent[];
  readonly deadLetters: CloudEvent[];
  now: number;
  happened: number;
}

/** A simulation to move on by hand; see `simulate`. */
export function simulation(app: App, options: SimulationOptions = {}): Simulation {
  const steps: Applied[] = [];
  const handled: Handled[] = [];
  const world = worldOf(app, options, (applied) => steps.push(applied));
  return {
    steps,
    handled,
    published: world.published,
    deadLetters: world.deadLetters,
    store: world.store,
    now: () => world.now,
    read: (ref) => lookAt(ref, world.store.now.load([keyOf(ref.record, ref.subject)])[0]),
    advanceTo: (at) => advance(world, at),
    happen(...moments) {
      const answers = moments.map((moment) => happen(world, moment));
      for (const one of answers) handled.push(one);
      return answers;
    },
  };
}

const service: Principal = { kind: 'service', id: 'simulation' };

function worldOf(app: App, options: SimulationOptions, observe: (applied: Applied) => void): World {
  const store = options.store?.clone() ?? memoryStore();
  const publisher = memoryPublisher({ verify: false });
  const clock = { now: () => world.now, sleep: unavailable, within: unavailable };
  const { cascade = 'inline', speaksFor } = options;
  // Calls are answered by `perform`; here they only say which ones there are.
  const calls = Object.fromEntries(
    Object.keys(options.calls ?? {}).map((type) => [type, unavailable]),
  );
  const runtime = {
    store,
    publisher,
    clock,
    sweep: true,
    observe,
    calls,
    cascade,
    ...(speaksFor && { speaksFor }),
  };
  const world: World = {
    app,
    store,
    runtime,
    perform: (effect) => perform(world, effect, options),
    published: [],
    deadLetters: [],
    now: options.start ?? 0,
    // Ids go on where an earlier simulation on these records may have ended.
    happened: options.store?.snapshot().versions ?? 0,
  };
  return world;
}

const unavailable = (): Promise<never> =>
  Promise.reject(new HearthError('timeout', 'A simulation does not wait.'));

function perform(world: World, effect: Effect, options: SimulationOptions): unknown {
  const { now } = world.store;
  switch (effect.do) {
    case 'load':
      return now.load(effect.keys);
    case 'save':
    case 'erase':
      return now.save(effect.writes);
    case 'due':
      return now.due(effect.request);
    case 'query':
      return now.query(effect.request);
    case 'publish':
      // One by one: as many arguments as a large fleet has events do not fit on the stack.
      for (const { event } of effect.events)
        (effect.dead ? world.deadLetters : world.published).push(event);
      return effect.events.map(() => ({ outcome: 'published' }));
    case 'call':
      return effect.calls.map(({ type, request }) => answer(options, type, request));
    case 'wake':
      return undefined;
    case 'sleep':
      world.now += effect.ms;
      return undefined;
  }
}

function answer({ calls = {} }: SimulationOptions, type: string, request: unknown): CallResult {
  let result: unknown;
  try {
    result = calls[type]?.(request as never);
  } catch (cause) {
    return isHearthError(cause) ? cause : callFailed(type, cause);
  }
  if (!(result instanceof Promise)) return { result };
  // Nobody will wait for it, so its failure must not become an unhandled rejection.
  result.catch(() => undefined);
  throw new HearthError(
    'invalid-option',
    `The fake for the call "${type}" returned a promise; a simulation does not wait, so return the result itself.`,
    { field: 'calls' },
  );
}

function go<R>(world: World, task: Task<R>): R {
  return driveNow(task, world.perform);
}

function happen(world: World, moment: Moment): Handled {
  if (moment.at !== undefined) advance(world, moment.at);
  const principal = moment.principal ?? service;
  world.happened += 1;
  const event = 'specversion' in moment.event ? moment.event : eventOf(world, moment.event);
  const before = world.published.length;
  const [handled] = go(
    world,
    handling(world.app, [{ event, principal, attempt: 1 }], world.runtime, { order: 'key' }),
  );
  if (world.runtime.cascade === 'bus') bringBack(world, before);
  return handled ?? { verdict: 'retry' };
}

/** A bus brings every published event back to whoever subscribes to it, the app itself among them. */
function bringBack(world: World, from: number): void {
  for (let at = from; at < world.published.length; at += 1) {
    const event = world.published[at];
    if (event === undefined || !world.app.routes.has(event.type)) continue;
    const principal = { kind: 'app', id: world.app.source } as const;
    go(world, handling(world.app, [{ event, principal, attempt: 1 }], world.runtime));
  }
}

function eventOf(world: World, draft: Draft): CloudEvent {
  const { type, subject, data, partition } = draft;
  return {
    specversion: '1.0',
    id: `simulated-${world.happened}`,
    source: 'urn:hearth:simulation',
    type,
    subject,
    time: isoTime(world.now),
    data,
    ...(partition === undefined ? {} : { partitionkey: partition }),
  };
}

/** Time stops at every instant at which a record wants attention. */
function advance(world: World, to: number): void {
  let settled: number | null = null;
  for (let due = nextDue(world, to); due !== null; due = nextDue(world, to)) {
    // What a sweep could not settle would stop time for ever: all that is left is looked at together.
    world.now = due === settled ? to : Math.max(due, world.now);
    const before = world.published.length;
    go(world, sweeping(world.app, world.runtime, { limit: Infinity }));
    if (world.runtime.cascade === 'bus') bringBack(world, before);
    if (due === settled) break;
    settled = due;
  }
  world.now = Math.max(world.now, to);
}

function nextDue({ store, now }: World, to: number): number | null {
  const due = store.now.nextDue();
  return due === null || Math.max(due, now) > to ? null : due;
}
