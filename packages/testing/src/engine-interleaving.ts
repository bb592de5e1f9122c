import { handle, sweep, type App, type CloudEvent, type Handled, type Input } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import type {
  Applied,
  MemoryPublisher,
  MemoryStore,
  Runtime,
  StateStore,
} from '@hearth/core/ports';
import type { Choose, Problem } from './explore.ts';
import { faultyStore } from './faults.ts';
import { startWorker, type Worker } from './turns.ts';
import { witnessed, type Sight } from './witness.ts';

/** What is at work at the same time, and how much may go wrong. */
export interface Interleaving {
  readonly app: App;
  /** One worker for each batch. */
  readonly batches: readonly (readonly CloudEvent[])[];
  readonly crashes?: number;
  /** How many answers of saves may be lost, the write having happened or not. */
  readonly lost?: number;
  readonly sweeper?: boolean;
  /** Whether what was not acknowledged is delivered again; else only the sweep is left. */
  readonly redelivers?: boolean;
  /** Whether anything sweeps, meanwhile or in the end; `true` unless told otherwise. */
  readonly sweeps?: boolean;
  /** How likely a step is a crash when choices are made by chance: one in this many. */
  readonly crashOneIn?: number;
}

/** What is left when everybody has ended and the dust has settled. */
export interface Outcome {
  readonly store: MemoryStore;
  readonly published: MemoryPublisher['published'];
  readonly letters: MemoryPublisher['published'];
  /** The ids of the inputs that some worker has acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Every run of a step. */
  readonly sights: readonly Sight[];
  readonly applied: readonly Applied[];
}

/** One process among several: the inputs that it was given, and everything it was told so far. */
interface Process {
  readonly name: string;
  readonly inputs: readonly Input[];
  readonly heard: string[];
  readonly worker: Worker<readonly Handled[]>;
}

/** Runs workers step by step, as `choose` says, lets the dust settle, and asks what is wrong. */
export async function interleave(
  given: Interleaving,
  choose: Choose,
  judge: (outcome: Outcome) => Promise<readonly string[]>,
): Promise<readonly Problem[]> {
  const trace: string[] = [];
  const sights: Sight[] = [];
  const applied: Applied[] = [];
  const observe = (step: Applied) => void applied.push(step);
  const app = witnessed(given.app, (sight) => sights.push(sight));
  const store = memoryStore();
  const publisher = memoryPublisher();
  const deadLetters = memoryPublisher();
  const clock = { now: () => 0, sleep: async () => undefined, within: noCalls };
  const hasSweep = given.sweeps !== false;
  const runtime: Runtime = { store, publisher, deadLetters, clock, observe, sweep: hasSweep };
  const eager = { ...store, due: async () => ({ keys: [...store.entries().keys()] }) };
  const sweeps = { ...runtime, store: eager };
  const left = { lost: given.lost ?? 0, crashes: given.crashes ?? 0 };
  const processes = await started({ ...given, app }, runtime, sweeps, { choose, left, trace });
  const acknowledged = new Set<string>();
  await runAll(processes, { store, publisher, choose, left, trace, given, acknowledged });
  const open = given.batches.map((batch) => batch.filter(({ id }) => !acknowledged.has(id)));
  if (given.redelivers !== false) {
    for (const batch of open) {
      const handled = await handle(app, batch.map(inputOf), runtime, { order: 'key' });
      acknowledge(acknowledged, batch.map(inputOf), handled);
    }
  }
  const rounds = hasSweep ? 3 : 0;
  for (let round = 0; round < rounds; round += 1) await sweep(app, sweeps);
  const { published } = publisher;
  const letters = deadLetters.published;
  const wrong = await judge({ store, published, letters, acknowledged, sights, applied });
  return wrong.map((kind) => ({ kind, trace: trace.join('; ') }));
}

const noCalls = () => Promise.reject(new Error('No calls here.'));

const inputOf = (event: CloudEvent): Input => ({
  event,
  principal: { kind: 'service', id: 'test' },
  now: 0,
  attempt: 1,
});

interface Chance {
  readonly choose: Choose;
  readonly left: { lost: number; crashes: number };
  readonly trace: string[];
}

async function started(
  { app, batches, sweeper = false }: Interleaving,
  runtime: Runtime,
  sweeps: Runtime,
  chance: Chance,
): Promise<readonly Process[]> {
  const processes: Process[] = [];
  for (const [at, batch] of batches.entries()) {
    const name = `W${at + 1}`;
    const heard: string[] = [];
    const inputs = batch.map(inputOf);
    const own = attentive(runtime, name, heard, chance);
    const work = (gated: Runtime) => handle(app, inputs, gated, { order: 'key' });
    processes.push({ name, inputs, heard, worker: await startWorker(own, work) });
  }
  if (sweeper) {
    const heard: string[] = [];
    const work = async (gated: Runtime) => {
      await sweep(app, gated);
      return [];
    };
    const own = attentive(sweeps, 'S', heard, chance);
    processes.push({ name: 'S', inputs: [], heard, worker: await startWorker(own, work) });
  }
  return processes;
}

/** A runtime that notes what its process is told, and whose answers may be lost. */
function attentive(runtime: Runtime, name: string, heard: string[], chance: Chance): Runtime {
  const { choose, left, trace } = chance;
  const lossy = faultyStore(runtime.store, ({ operation }) => {
    if (operation !== 'save' || left.lost === 0) return undefined;
    const chosen = choose(3);
    if (chosen === 0) return undefined;
    left.lost -= 1;
    const fault = chosen === 1 ? 'answer-lost' : 'write-lost';
    trace.push(`${name} ${fault}`);
    return fault;
  });
  const store: StateStore = {
    ...lossy,
    async load(keys) {
      const records = await lossy.load(keys);
      heard.push(...records.map((record) => `${record?.key} ${record?.body}`));
      return records;
    },
    async save(writes) {
      const results = await lossy.save(writes);
      heard.push(...results.map(({ outcome }) => outcome));
      trace.push(`${name} ${results.map(({ outcome }) => outcome).join(' ')}`);
      return results;
    },
  };
  return { ...runtime, store };
}

interface Field extends Chance {
  readonly store: MemoryStore;
  readonly publisher: MemoryPublisher;
  readonly given: Interleaving;
  readonly acknowledged: Set<string>;
}

async function runAll(processes: readonly Process[], field: Field): Promise<void> {
  const { choose, left, trace, given, acknowledged } = field;
  const { crashOneIn } = given;
  let live = processes;
  while (live.length > 0) {
    const state = () => stateOf(live, field);
    const mayCrash = left.crashes > 0;
    const chosen =
      crashOneIn === undefined
        ? choose(live.length * (mayCrash ? 2 : 1), state)
        : choose(live.length) + (mayCrash && choose(crashOneIn) === 0 ? live.length : 0);
    const one = live[chosen % live.length] as Process;
    if (chosen >= live.length) {
      left.crashes -= 1;
      trace.push(`${one.name} crashes before ${one.worker.at}`);
      live = live.filter((other) => other !== one);
      continue;
    }
    trace.push(`${one.name} ${one.worker.at}`);
    await one.worker.step();
    if (one.worker.at !== undefined) continue;
    acknowledge(acknowledged, one.inputs, one.worker.result ?? []);
    live = live.filter((other) => other !== one);
  }
}

function acknowledge(
  acknowledged: Set<string>,
  inputs: readonly Input[],
  handled: readonly Handled[],
): void {
  inputs.forEach(({ event }, at) => {
    if (handled[at]?.verdict !== 'retry') acknowledged.add((event as CloudEvent).id);
  });
}

/** Everything that the rest of a run depends on. Versions are told by what was heard, whatever their numbers. */
function stateOf(
  live: readonly Process[],
  { store, publisher, left, acknowledged }: Field,
): string {
  const records = [...store.entries()].map(([key, { body }]) => `${key} ${body}`);
  const ids = publisher.published.map(({ event }) => event.id);
  const doing = live.map(({ name, heard, worker }) => [name, worker.at, ...heard]);
  return JSON.stringify([records, ids, doing, left, [...acknowledged]]);
}
