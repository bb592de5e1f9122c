import { defineEvent, defineHandler, handle, sweep, type App, type CloudEvent } from '@hearth/core';
import type { Draft, Handled, HandleOptions, Input, Runtime } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import type { Applied, MemoryPublisher, MemoryStore } from '@hearth/core/ports';
import * as z from 'zod';
import { simulatedClock, type SimulatedClock } from './clock.ts';

/** A process with everything it needs, in memory. Sleeping moves its clock. */
export interface EngineWorld {
  readonly app: App;
  readonly clock: SimulatedClock;
  readonly store: MemoryStore;
  readonly publisher: MemoryPublisher;
  readonly letters: MemoryPublisher;
  readonly applied: Applied[];
  readonly logs: string[];
  readonly counts: Map<string, number>;
  readonly runtime: Runtime;
}

/** A world for an app; `change` replaces what is to go wrong in it. */
export function engineWorld(
  app: App,
  change: (world: EngineWorld) => Partial<Runtime> = () => ({}),
): EngineWorld {
  const world = {
    app,
    clock: simulatedClock(0, { autoAdvance: true }),
    store: memoryStore(),
    publisher: memoryPublisher(),
    letters: memoryPublisher(),
    applied: [] as Applied[],
    logs: [] as string[],
    counts: new Map<string, number>(),
  };
  const { clock, store, publisher, letters, applied, logs, counts } = world;
  const note = (fields: object, message: string) =>
    void logs.push(`${message} ${JSON.stringify(fields)}`);
  const runtime: Runtime = {
    clock,
    store,
    publisher,
    deadLetters: letters,
    sweep: true,
    logger: { debug: note, info: note, warn: note, error: note, fatal: note },
    observe: (one) => void applied.push(one),
    count: (name, by) => void counts.set(name, (counts.get(name) ?? 0) + by),
  };
  return { ...world, runtime: { ...runtime, ...change({ ...world, runtime }) } };
}

/** A draft as an input that somebody else's service said. */
export function inputOf(
  draft: Draft,
  id: string,
  more: Partial<Omit<Input, 'event'>> = {},
): Omit<Input, 'event'> & { readonly event: CloudEvent } {
  const { type, subject, data } = draft;
  const event: CloudEvent = { specversion: '1.0', id, source: 'urn:test', type, subject, data };
  return { event, principal: { kind: 'service', id: 'test' }, attempt: 1, ...more };
}

/** Handles inputs in one batch. */
export function give(
  { app, runtime }: EngineWorld,
  inputs: readonly Input[],
  options: HandleOptions = {},
): Promise<readonly Handled[]> {
  return handle(app, inputs, runtime, options);
}

/** Lets time pass in steps, with a sweep after each. */
export async function sweepFor(world: EngineWorld, ms: number, everyMs = 10_000): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    await world.clock.advance(Math.min(everyMs, ms - passed));
    await sweep(world.app, world.runtime);
  }
}

/** The ids of what was published, each once, in the order of the first copies. */
export function idsIn({ published }: MemoryPublisher, type?: string): readonly string[] {
  const wanted = published.filter(({ event }) => type === undefined || event.type === type);
  return [...new Set(wanted.map(({ event }) => event.id))];
}

const after = z.object({ after: z.array(z.string()) });
const list = (name: string) => ({ name, state: z.array(z.string()), initial: [] });

/** What two handlers in a row are told, tell each other and tell the world. */
export const [asked, passed, told] = [
  defineEvent('asked', after),
  defineEvent('passed', after),
  defineEvent('told', after),
];

/** Both remember the order of what they were given, and what they emit shows it. */
export const first = defineHandler(list('A')).on(asked, ({ state, event: { id, subject } }) => ({
  state: [...state, id],
  emit: passed(subject, { after: state }),
}));

/** The second of two handlers in a row. */
export const second = defineHandler(list('B')).on(passed, ({ state, event: { id, subject } }) => ({
  state: [...state, id],
  emit: told(subject, { after: state }),
}));
