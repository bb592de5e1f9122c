import { deepEqual } from 'node:assert/strict';
import type { Runtime } from '@hearth/core';
import type { StateStore } from '@hearth/core/ports';
import { crashAt } from '../../crash.ts';
import { faultyPublisher, faultyStore, type PublishFault, type StoreFault } from '../../faults.ts';
import { seededFaults } from '../../plans.ts';
import { allPages, bodies, outcomes, saveOne, write } from '../store/store-case.ts';
import { assertSound } from './judge.ts';
import {
  fleet,
  inputsFor,
  meddle,
  settleDown,
  sweepAhead,
  workOff,
  type Fleet,
  type WorkerCase,
} from './worker-case.ts';

const subjects = ['t1', 't2'];
const inputs = inputsFor(subjects, 12);
const [odd, even] = [1, 0].map((rest) => inputs.filter((_, n) => n % 2 === rest));
// Every subject has inputs in both halves: t1, t2, t2, t1, …
const mixed = inputs.filter((_, n) => Math.floor(n / 2) % 2 === 0);
const rest = inputs.filter((each) => !mixed.includes(each));

/**
 * Every claim about workers that share a storage, as data. They hold where compare-and-swap and the indexes do so across processes.
 *
 * @example
 * for (const each of workerCases) it(each.name, () => each.run(harness));
 */
export const workerCases: readonly WorkerCase[] = [
  {
    name: 'shows each worker what the other was told is saved',
    async run(harness) {
      const { stores } = await fleet(harness);
      const [one, two] = stores;
      deepEqual(await bodies(two, ['h/1']), [undefined]);
      const first = await saveOne(one, 'h/1', 'one');
      deepEqual(await bodies(two, ['h/1']), ['one']);
      const second = await saveOne(two, 'h/1', 'two', { expected: first });
      deepEqual(await bodies(one, ['h/1']), ['two']);
      const stale = await one.save([write('h/1', 'three', { expected: first })]);
      deepEqual(outcomes(stale), ['conflict']);
      await saveOne(one, 'h/1', 'three', { expected: second });
      deepEqual(await bodies(two, ['h/1']), ['three']);
    },
  },
  {
    name: 'loses nothing and does nothing twice when two workers get the same inputs',
    async run(harness) {
      const world = await fleet(harness);
      const [one, two] = world.workers;
      await Promise.all([workOff(one, inputs), workOff(two, inputs.toReversed())]);
      await conclude(world);
    },
  },
  {
    name: 'loses nothing and does nothing twice when two workers get different inputs of the same records',
    async run(harness) {
      const world = await fleet(harness);
      const [one, two] = world.workers;
      await Promise.all([workOff(one, mixed), workOff(two, rest)]);
      await conclude(world);
    },
  },
  {
    name: 'loses nothing and does nothing twice when sweepers meddle with two workers',
    async run(harness) {
      const world = await fleet(harness);
      const [one, two] = world.workers;
      const work = Promise.all([workOff(one, mixed), workOff(two, [...rest, ...mixed])]);
      const shard = { index: 0, of: 2 };
      await Promise.all([work, meddle(world, two, work), meddle(world, one, work, { shard })]);
      await conclude(world);
    },
  },
  {
    name: 'loses nothing and does nothing twice while saves conflict and answers are lost',
    async run(harness) {
      const world = await fleet(harness, troubled);
      const [one, two] = world.workers;
      const work = Promise.all([workOff(one, inputs), workOff(two, rest)]);
      await Promise.all([work, meddle(world, two, work)]);
      await conclude(world);
    },
  },
  ...[5, 11, 18].map(dyingCase),
  {
    name: 'delivers by racing sweeps what two workers left behind',
    async run(harness) {
      const down = (): PublishFault => 'failed';
      const world = await fleet(harness, ({ publisher }) => ({
        publisher: faultyPublisher(publisher, down),
      }));
      const [one, two] = world.workers;
      await Promise.all([workOff(one, odd ?? []), workOff(two, even ?? [])]);
      deepEqual(world.publisher.published, []);
      await harness.settle?.();
      const { publisher } = world;
      await Promise.all(
        [one, two].map((worker) => sweepAhead(world, { ...worker, publisher }, { times: 4 })),
      );
      await conclude(world);
    },
  },
  {
    name: 'finds by its tags and its due instant what two workers fought over',
    async run(harness) {
      const { stores } = await fleet(harness);
      let expected: string | null = null;
      for (let round = 0; round < 5; round += 1) {
        expected = await fight(stores, round, expected);
        await harness.settle?.();
        await assertFound(stores[round % 2] as StateStore);
      }
    },
  },
];

async function conclude(world: Fleet): Promise<void> {
  await settleDown(world);
  await assertSound(world, inputs);
}

/** Each worker has its own troubles, the same ones in every run. */
function troubled({ store, publisher }: Runtime, which: number): Partial<Runtime> {
  const saves = seededFaults<StoreFault>(7 + which, [
    ['conflict', 0.1],
    ['write-lost', 0.1],
    ['answer-lost', 0.15],
  ]);
  const sends = seededFaults<PublishFault>(17 + which, [
    ['failed', 0.1],
    ['answer-lost', 0.1],
  ]);
  return {
    store: faultyStore(store, ({ operation }) => (operation === 'save' ? saves({}) : undefined)),
    publisher: faultyPublisher(publisher, sends),
  };
}

function dyingCase(nth: number): WorkerCase {
  return {
    name: `loses nothing and does nothing twice when a worker dies at its step ${nth} and another gets its inputs`,
    async run(harness) {
      const crash = crashAt(nth);
      const world = await fleet(harness, (runtime, which) =>
        which === 0 ? crash.runtime(runtime) : {},
      );
      const [one, two] = world.workers;
      // Nobody hears the answers of a dead process.
      const dies = workOff(one, mixed).catch(() => undefined);
      await Promise.all([dies, workOff(two, rest)]);
      deepEqual(crash.crashed, true);
      await workOff(two, mixed);
      await conclude(world);
    },
  };
}

/** Both save the record at once over the same version, each with a tag and a due instant of its own. Gives the winner's version. */
async function fight(
  stores: Fleet['stores'],
  round: number,
  expected: string | null,
): Promise<string> {
  const fights = stores.map((store, which) => {
    const [place, due] = [`${round}-${which}`, 10 * round + which];
    return store.save([write('h/1', place, { expected, due, tags: { place } })]);
  });
  const results = (await Promise.all(fights)).flat();
  deepEqual(outcomes(results).toSorted(), ['conflict', 'saved']);
  const winner = results.find(({ outcome }) => outcome === 'saved');
  return winner?.outcome === 'saved' ? winner.version : '';
}

/** Both indexes have an entry for what the record is now; they may have stale ones besides. */
async function assertFound(store: StateStore): Promise<void> {
  const [value = ''] = await bodies(store, ['h/1']);
  const request = { handler: 'h', tag: 'place', value, limit: 9 };
  const [round, which] = value.split('-').map(Number);
  const before = 10 * Number(round) + Number(which);
  const found = await allPages((cursor) => store.query({ ...request, ...cursor }));
  deepEqual(found, ['h/1'], `by its tag, ${value}`);
  const due = await allPages((cursor) => store.due({ before, limit: 9, ...cursor }));
  deepEqual(due, ['h/1'], `by its due instant, ${before}`);
}
