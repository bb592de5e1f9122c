import { handle, sweep, type Input, type Runtime, type SweepOptions } from '@hearth/core';
import {
  memoryPublisher,
  type MemoryPublisher,
  type Publisher,
  type StateStore,
} from '@hearth/core/ports';
import { simulatedClock, type SimulatedClock } from '../../clock.ts';
import { counted, tallies } from './tally.ts';

/** How the worker cases get at a storage. */
export interface WorkerHarness {
  /**
   * Opens as many stores as asked for on one new, empty storage, each as a process of its own would: with its own client. The harness
   * closes what it opened when the case has run.
   */
  open(count: number): Promise<readonly StateStore[]>;
  /** Resolves when the indexes have caught up with all saves, for stores whose `indexLagMs` is not 0. */
  settle?(): Promise<void>;
}

/** One claim about several workers on one storage. `run` rejects if the store does not keep it. */
export interface WorkerCase {
  readonly name: string;
  run(harness: WorkerHarness): Promise<void>;
}

/** Two workers on one storage, and the world that both of them publish to. */
export interface Fleet {
  readonly harness: WorkerHarness;
  readonly stores: readonly [StateStore, StateStore];
  readonly workers: readonly [Runtime, Runtime];
  readonly publisher: MemoryPublisher;
  readonly letters: MemoryPublisher;
  readonly clock: SimulatedClock;
}

/** What goes wrong for one worker: its runtime instead of the healthy one. */
export type Trouble = (runtime: Runtime, which: number) => Partial<Runtime>;

/** Starts two workers on an empty storage. Nobody waits in real time: a clock that all share moves by itself. */
export async function fleet(harness: WorkerHarness, trouble: Trouble = () => ({})): Promise<Fleet> {
  const [one, two] = await harness.open(2);
  if (one === undefined || two === undefined) throw new Error('Two stores were asked for.');
  const clock = simulatedClock(Date.UTC(2024, 0, 1), { autoAdvance: true });
  const publisher = memoryPublisher();
  const letters = memoryPublisher();
  // Without a promise of order, each event is a publication of its own, between which others get their turn.
  const loose: Publisher = { publish: publisher.publish };
  const worker = (store: StateStore, which: number): Runtime => {
    const runtime = { store, publisher: loose, deadLetters: letters, clock, sweep: true };
    return { ...runtime, ...trouble(runtime, which) };
  };
  return {
    harness,
    stores: [one, two],
    workers: [worker(one, 0), worker(two, 1)],
    publisher,
    letters,
    clock,
  };
}

/** `count` inputs, said in turns about the subjects. */
export function inputsFor(subjects: readonly string[], count: number): readonly Input[] {
  return Array.from({ length: count }, (_, n) => {
    const { type } = counted;
    const subject = subjects[n % subjects.length] as string;
    const event = { specversion: '1.0', id: `in-${n}`, source: 'urn:acme:counter' } as const;
    return {
      event: { ...event, type, subject, data: { n } },
      principal: { kind: 'service', id: 'counter' },
      attempt: 1,
    };
  });
}

const batchSize = 4;

/** Hands inputs to a worker in batches; what it does not acknowledge comes again. */
export async function workOff(runtime: Runtime, inputs: readonly Input[]): Promise<void> {
  let open = inputs;
  for (let round = 0; round < 30 && open.length > 0; round += 1) {
    const again: Input[] = [];
    for (let at = 0; at < open.length; at += batchSize) {
      const batch = open.slice(at, at + batchSize);
      const handled = await handle(tallies, batch, runtime);
      again.push(...batch.filter((_, which) => handled[which]?.verdict === 'retry'));
    }
    open = again;
  }
  if (open.length > 0) throw new Error(`${open.length} inputs came 30 times and are not done.`);
}

/** How often, and at what, somebody sweeps. */
export interface AheadOptions extends SweepOptions {
  readonly times: number;
  /** Says that there is nothing to meddle with any more. */
  readonly isOver?: () => boolean;
}

/** Sweeps with a clock that is a minute ahead, so that it meddles with what is still under way. */
export async function sweepAhead(
  { clock }: Fleet,
  runtime: Runtime,
  { times, isOver = () => false, ...options }: AheadOptions,
): Promise<void> {
  const ahead = { ...runtime, clock: { ...clock, now: () => clock.now() + 60_000 } };
  for (let round = 0; round < times && !isOver(); round += 1) await sweep(tallies, ahead, options);
}

/** Sweeps ahead while `work` goes on. */
export async function meddle(
  world: Fleet,
  runtime: Runtime,
  work: Promise<unknown>,
  options: SweepOptions = {},
): Promise<void> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  work.then(end, end);
  await sweepAhead(world, runtime, { ...options, times: 12, isOver: () => hasEnded });
}

const minutesMs = 400_000;

/** Lets the dust settle: healthy sweepers attend to whatever is left, until nothing is due any more. */
export async function settleDown(world: Fleet): Promise<void> {
  const { harness, stores, publisher, letters, clock } = world;
  const runtime = { publisher, deadLetters: letters, clock, sweep: true };
  for (let round = 0, quiet = 0; round < 20 && quiet < 2; round += 1) {
    await clock.advance(minutesMs);
    await harness.settle?.();
    const { records } = await sweep(tallies, {
      ...runtime,
      store: stores[round % 2] as StateStore,
    });
    quiet = records === 0 ? quiet + 1 : 0;
  }
}
