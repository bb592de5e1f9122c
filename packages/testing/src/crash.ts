import { keepsLetters } from '@hearth/core/ports';
import type {
  CallFunction,
  DeadLetterStore,
  Publisher,
  Runtime,
  StateStore,
} from '@hearth/core/ports';
import { eachInOrder, mannersOf } from './one-by-one.ts';

/** What a port throws when the process is dead. */
export class Crash extends Error {
  override readonly name = 'Crash';

  constructor(step: number) {
    super(`The process crashed at step ${step}.`);
  }
}

/** The death of a process at one step. */
export interface CrashPoint {
  /** Whether that step was reached. */
  readonly crashed: boolean;
  /** How many steps were begun. */
  readonly steps: number;
  store(store: StateStore): StateStore;
  publisher(publisher: Publisher): Publisher;
  /** The runtime with its store, its publishers and its calls dying together. */
  runtime(runtime: Runtime): Runtime;
}

/**
 * Lets a process die at its nth step (from 1): that step and all later ones do nothing and throw `Crash`.
 *
 * A step is what the outside world can see or be asked: one load, one page, one write of a save, one event of a publication, one
 * call. So a process can die in the middle of a batch.
 */
export function crashAt(nth: number): CrashPoint {
  let steps = 0;
  const step = () => {
    steps += 1;
    if (steps >= nth) throw new Crash(steps);
  };
  const store = (inner: StateStore) => mortalStore(inner, step);
  const publisher = (inner: Publisher) => mortalPublisher(inner, step);
  return {
    get crashed() {
      return steps >= nth;
    },
    get steps() {
      return steps;
    },
    store,
    publisher,
    runtime({ deadLetters, calls, ...runtime }) {
      return {
        ...runtime,
        store: store(runtime.store),
        publisher: publisher(runtime.publisher),
        ...(deadLetters === undefined ? {} : { deadLetters: publisher(deadLetters) }),
        ...(calls === undefined ? {} : { calls: mortalCalls(calls, step) }),
      };
    },
  };
}

/**
 * Runs something once for each step at which a process can die, and once to its end; gives the number of steps.
 *
 * `run` gets a fresh world each time: it runs the process with the crash point, then a second one without it that recovers, and
 * looks at the result. What `run` rejects with ends the enumeration, and names the step.
 */
export async function atEveryStep(run: (crash: CrashPoint) => Promise<void>): Promise<number> {
  for (let nth = 1; ; nth += 1) {
    const crash = crashAt(nth);
    try {
      await run(crash);
    } catch (cause) {
      throw new Error(`It does not hold when the process dies at step ${nth}.`, { cause });
    }
    if (!crash.crashed) return crash.steps;
  }
}

function mortalStore(store: StateStore, step: () => void): StateStore {
  const before = async <T>(work: () => Promise<T>) => {
    step();
    return work();
  };
  const each = async (operation: 'save' | 'erase', writes: Parameters<StateStore['save']>[0]) => {
    const results = [];
    for (const write of writes) results.push(await before(() => store[operation]([write])));
    return results.flat();
  };
  return {
    capabilities: store.capabilities,
    load: (keys) => before(() => store.load(keys)),
    due: (request) => before(() => store.due(request)),
    query: (request) => before(() => store.query(request)),
    save: (writes) => each('save', writes),
    erase: (writes) => each('erase', writes),
  };
}

function mortalPublisher(publisher: Publisher, step: () => void): Publisher {
  return {
    ...mannersOf(publisher),
    ...(keepsLetters(publisher) ? mortalLetters(publisher, step) : {}),
    publish: (events) =>
      eachInOrder(publisher, events, async (send) => {
        step();
        return send();
      }),
  };
}

function mortalLetters(
  letters: DeadLetterStore,
  step: () => void,
): Omit<DeadLetterStore, 'publish'> {
  const before = async <T>(work: () => Promise<T>) => {
    step();
    return work();
  };
  return {
    list: (request) => before(() => letters.list(request)),
    get: (id) => before(() => letters.get(id)),
    remove: (id) => before(() => letters.remove(id)),
    erase: (subject) => before(() => letters.erase(subject)),
  };
}

function mortalCalls(
  calls: Readonly<Record<string, CallFunction>>,
  step: () => void,
): Readonly<Record<string, CallFunction>> {
  const mortal = (call: CallFunction): CallFunction => {
    return async (request, options) => {
      step();
      return call(request, options);
    };
  };
  return Object.fromEntries(Object.entries(calls).map(([type, call]) => [type, mortal(call)]));
}
