import type { CallFunction, Publisher, Runtime, StateStore } from '@hearth/core/ports';
import { eachInOrder, mannersOf } from './one-by-one.ts';

/** Work that stops before every step at a port until it is let on. */
export interface Worker<R> {
  /** The step before which it stands; `undefined` once it has ended. */
  readonly at: string | undefined;
  /** What it gave, once it has ended. */
  readonly result: R | undefined;
  /** Lets it take one step and go on to the next, or to its end. */
  step(): Promise<void>;
}

/**
 * Starts work that takes its steps one by one, so that several workers can be interleaved at will: the same choices give the same
 * run. A worker that is not let on any more is a process that has died.
 *
 * A step is one load, one page, one write of a save, one event of a publication, one call.
 */
export async function startWorker<R>(
  runtime: Runtime,
  work: (runtime: Runtime) => Promise<R>,
): Promise<Worker<R>> {
  const gates: Gateway[] = [];
  const end: { result?: R; error?: unknown; reached?: true } = {};
  let arrived: () => void = () => undefined;
  const gate = (name: string) =>
    new Promise<void>((open) => {
      gates.push({ name, open });
      arrived();
    });
  const rest = async () => {
    while (end.reached !== true && gates.length === 0) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    if (end.error !== undefined) throw new Error('A worker failed.', { cause: end.error });
  };
  const run = async () => {
    try {
      end.result = await work(gatedRuntime(runtime, gate));
    } catch (error) {
      end.error = error;
    }
    end.reached = true;
    arrived();
  };
  void run();
  await rest();
  return {
    get at() {
      return gates[0]?.name;
    },
    get result() {
      return end.result;
    },
    async step() {
      gates.shift()?.open();
      await rest();
    },
  };
}

interface Gateway {
  readonly name: string;
  readonly open: () => void;
}

/** Lets a worker go on to its end. */
export async function finish<R>(worker: Worker<R>): Promise<R | undefined> {
  while (worker.at !== undefined) await worker.step();
  return worker.result;
}

type Gate = (name: string) => Promise<void>;

function gatedRuntime(runtime: Runtime, gate: Gate): Runtime {
  const { store, publisher, deadLetters, calls } = runtime;
  return {
    ...runtime,
    store: gatedStore(store, gate),
    publisher: gatedPublisher(publisher, 'publish', gate),
    ...(deadLetters && { deadLetters: gatedPublisher(deadLetters, 'bury', gate) }),
    ...(calls && { calls: gatedCalls(calls, gate) }),
  };
}

function gatedStore(store: StateStore, gate: Gate): StateStore {
  const each = async (operation: 'save' | 'erase', writes: Parameters<StateStore['save']>[0]) => {
    const results = [];
    for (const write of writes) {
      await gate(`${operation} ${write.key}`);
      results.push(...(await store[operation]([write])));
    }
    return results;
  };
  return {
    capabilities: store.capabilities,
    load: async (keys) => {
      await gate(`load ${keys.join(', ')}`);
      return store.load(keys);
    },
    due: async (request) => {
      await gate('due');
      return store.due(request);
    },
    query: async (request) => {
      await gate(`query ${request.handler}`);
      return store.query(request);
    },
    save: (writes) => each('save', writes),
    erase: (writes) => each('erase', writes),
  };
}

function gatedPublisher(publisher: Publisher, name: string, gate: Gate): Publisher {
  return {
    ...mannersOf(publisher),
    publish: (events) =>
      eachInOrder(publisher, events, async (send, index) => {
        const event = events[index]?.event;
        await gate(`${name} ${event?.type} ${event?.subject ?? ''}`);
        return send();
      }),
  };
}

function gatedCalls(
  calls: Readonly<Record<string, CallFunction>>,
  gate: Gate,
): Readonly<Record<string, CallFunction>> {
  const gated = Object.entries(calls).map(([type, call]) => {
    const one: CallFunction = async (request, options) => {
      await gate(`call ${type}`);
      return call(request, options);
    };
    return [type, one] as const;
  });
  return Object.fromEntries(gated);
}
