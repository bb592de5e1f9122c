import { handle, sweep, type App, type CloudEvent, type Handled, type Input } from '@hearth/core';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import type {
  Applied,
  CallFunction,
  MemoryPublisher,
  MemoryStore,
  Runtime,
} from '@hearth/core/ports';
import { recordOf } from '@hearth/core/simulate';
import { crashAt, type CrashPoint } from './crash.ts';
import { endingOf, looksOf, type Ending } from './ending.ts';
import { faultyPublisher, faultyStore } from './faults.ts';
import type { Perturbation } from './perturbation.ts';
import { seededRandom } from './plans.ts';
import type { Act, Fakes, Script } from './story.ts';
import { finish, startWorker, type Worker } from './turns.ts';
import { witnessed, type Sight } from './witness.ts';

/** A story as it was told on the production path: how it ended, and the steps at ports that it took. */
export interface Told {
  readonly ending: Ending;
  readonly steps: readonly string[];
}

/** Tells a story once, with one thing that goes wrong. The steps are told only if it is watched. */
export async function tell(
  script: Script,
  perturbation: Perturbation,
  isWatched = false,
): Promise<Told> {
  const world = worldOf(script, perturbation, isWatched);
  for (const scene of scenesOf(script.acts, perturbation)) await playScene(world, scene);
  for (const input of perturbation.again ?? []) await playScene(world, [input]);
  // Without a sweep, everything must have been delivered when the last input was acknowledged. Timers only ever run in one.
  if (perturbation.sweep !== false || hasTimers(script)) await settle(world);
  const letters = world.deadLetters.published.map(({ event }) => event);
  const { app, store, sights, applied, steps } = world;
  const { published } = world.publisher;
  return { ending: await endingOf({ app, store, sights, applied, published, letters }), steps };
}

const hasTimers = ({ acts }: Script): boolean =>
  acts.some(({ does, steps: [from, to] }) => does === 'wait' && from !== to);

interface World {
  readonly app: App;
  readonly perturbation: Perturbation;
  readonly store: MemoryStore;
  readonly publisher: MemoryPublisher;
  readonly deadLetters: MemoryPublisher;
  readonly sights: Sight[];
  readonly applied: Applied[];
  readonly healthy: Runtime;
  readonly faulty: Runtime;
  readonly crash: CrashPoint;
  readonly steps: string[];
  readonly isWatched: boolean;
  now: number;
  /** How much of what was published the bus has brought back. */
  returned: number;
}

function worldOf(script: Script, perturbation: Perturbation, isWatched: boolean): World {
  const { crash: nth = Infinity, cascade, sweep: hasSweep = true } = perturbation;
  const sights: Sight[] = [];
  const applied: Applied[] = [];
  const crash = crashAt(nth);
  const { speaksFor } = script.options;
  const healthy: Runtime = {
    store: memoryStore(),
    publisher: memoryPublisher({ verify: false }),
    deadLetters: memoryPublisher({ verify: false }),
    clock: {
      now: () => world.now,
      sleep: async () => undefined,
      within: async (_, work) => work(new AbortController().signal),
    },
    calls: callsOf(script.fakes),
    cascade,
    sweep: hasSweep,
    observe: (one) => applied.push(one),
    ...(speaksFor && { speaksFor }),
  };
  const world: World = {
    app: witnessed(script.app, (sight) => sights.push(sight)),
    perturbation,
    store: healthy.store as MemoryStore,
    publisher: healthy.publisher as MemoryPublisher,
    deadLetters: healthy.deadLetters as MemoryPublisher,
    sights,
    applied,
    healthy,
    faulty: crash.runtime(withFaults(healthy, perturbation)),
    crash,
    steps: [],
    isWatched: isWatched || perturbation.rival !== undefined,
    now: script.startMs,
    returned: 0,
  };
  return world;
}

function callsOf(fakes: Fakes): Readonly<Record<string, CallFunction>> {
  const calls = Object.entries(fakes).map(([type, answer]) => {
    const call: CallFunction = async (request) => answer(request);
    return [type, call] as const;
  });
  return Object.fromEntries(calls);
}

function withFaults(runtime: Runtime, { store, publisher }: Perturbation): Runtime {
  return {
    ...runtime,
    ...(store && { store: faultyStore(runtime.store, store()) }),
    ...(publisher && { publisher: faultyPublisher(runtime.publisher, publisher()) }),
  };
}

type Scene = Exclude<Act, { readonly does: 'say' }> | readonly Input[];

/** The acts, with what is said put together into batches. A batch that spans a wait is handled after it. */
function scenesOf(acts: readonly Act[], { batches, doubled }: Perturbation): readonly Scene[] {
  let scenes: Scene[] = [];
  let batch: readonly Input[] = [];
  let said = 0;
  for (const act of acts) {
    if (act.does !== 'say') scenes.push(act);
    else {
      const joined = batches?.has(said) === true ? batch : [];
      const input = inputOf(act);
      scenes = scenes.filter((scene) => scene !== joined);
      batch = [...joined, input, ...(doubled === true ? [input] : [])];
      scenes.push(batch);
      said += 1;
    }
  }
  return scenes;
}

/** What was said as an input of `handle`: its instant is that of the story, however late it is handled. */
export function inputOf({ event, principal, at }: Extract<Act, { readonly does: 'say' }>): Input {
  return { event, principal, now: at, attempt: 1 };
}

async function playScene(world: World, scene: Scene): Promise<void> {
  if (!('does' in scene)) await deliver(world, scene);
  else if (scene.does === 'wait') await pass(world, scene.at);
  else {
    const { fixture: ref, state } = scene.fixture;
    const [stored] = world.store.now.load([`${ref.record.key}/${ref.subject}`]);
    world.store.now.save([recordOf(ref, state, stored)]);
  }
  await bringBack(world);
}

/** Delivers inputs, again and again until none must come again. */
async function deliver(world: World, inputs: readonly Input[]): Promise<void> {
  let open = inputs;
  for (let round = 0; round < 10 && open.length > 0; round += 1) {
    const batch = open;
    const handled = await undertake(world, (runtime) =>
      handle(world.app, batch, runtime, { order: 'key' }),
    );
    open = handled === undefined ? batch : batch.filter((_, at) => comesAgain(handled[at]));
  }
}

const comesAgain = (handled: Handled | undefined): boolean => handled?.verdict === 'retry';

/** A bus brings what was published back to the app. */
async function bringBack(world: World): Promise<void> {
  const { app, publisher, perturbation } = world;
  if (perturbation.cascade !== 'bus') return;
  for (; world.returned < publisher.published.length; world.returned += 1) {
    const { body = '{}' } = publisher.published[world.returned] ?? {};
    const event = JSON.parse(body) as CloudEvent;
    const input = { event, principal: { kind: 'app', id: app.source }, attempt: 1 } as const;
    if (app.routes.has(event.type))
      await deliver(world, perturbation.doubled === true ? [input, input] : [input]);
  }
}

/** Lets time pass: a sweep at every instant at which a record wants attention. */
async function pass(world: World, until: number): Promise<void> {
  const next = () => world.store.now.nextDue();
  for (let due = next(); due !== null && due <= until; due = next()) {
    world.now = Math.max(world.now, due);
    const swept = await undertake(world, (runtime) => sweep(world.app, runtime));
    await bringBack(world);
    // What a sweep could not settle would stop time for ever. One that died is followed by another.
    if (swept !== undefined && next() === due) break;
  }
  world.now = Math.max(world.now, until);
}

/** Looks after every record once more, as a sweep would have done in time. */
async function settle(world: World): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    world.now = Math.max(world.now, await nextAttempt(world));
    await sweep(world.app, eager(world.healthy, world.store));
    await bringBack(world);
  }
}

/** The instant at which everything that has failed may be tried again, unless a timer that the story has not seen comes first. */
async function nextAttempt({ app, store }: World): Promise<number> {
  const looks = [...(await looksOf(app, store)).values()];
  const failed = looks.flatMap(({ outputs }) => outputs.filter(({ tries }) => tries > 0));
  const timers = looks.flatMap((look) => look.timers.map(({ at }) => at - 1));
  return Math.min(...timers, Math.max(0, ...failed.map(({ nextAt }) => nextAt)));
}

/** A runtime in which every record seems to be due. Its keys are hints, so nothing more than what is really due comes of it. */
function eager(runtime: Runtime, store: MemoryStore): Runtime {
  return {
    ...runtime,
    store: { ...store, due: async () => ({ keys: [...store.entries().keys()] }) },
  };
}

/** Has something done by a process that may die or be rivalled. `undefined`: it has died, and nobody knows how far it came. */
async function undertake<R>(
  world: World,
  what: (runtime: Runtime) => Promise<R>,
): Promise<R | undefined> {
  const { crash, perturbation, faulty, healthy } = world;
  const alive = !crash.crashed;
  const runtime = alive ? faulty : healthy;
  const result = world.isWatched ? await watch(world, runtime, what) : await what(runtime);
  if (!alive || !crash.crashed) return result;
  if (perturbation.sweptFirst === true) await sweep(world.app, eager(healthy, world.store));
  return undefined;
}

/** Has something done step by step: to count the steps, or to let a rival in. */
async function watch<R>(
  world: World,
  runtime: Runtime,
  what: (runtime: Runtime) => Promise<R>,
): Promise<R | undefined> {
  const worker = await startWorker(runtime, what);
  while (worker.at !== undefined) {
    world.steps.push(worker.at);
    await worker.step();
    if (world.steps.length === world.perturbation.rival?.after) await rival(world, worker, what);
  }
  return worker.result;
}

/** Another process does the same work, or sweeps, while the first stands still, in turns with it, or at random. */
async function rival<R>(
  world: World,
  first: Worker<unknown>,
  what: (runtime: Runtime) => Promise<R>,
): Promise<void> {
  const { rival: given } = world.perturbation;
  if (given === undefined) return;
  const { healthy, store, app } = world;
  const second: Worker<unknown> =
    given.does === 'the same'
      ? await startWorker(healthy, what)
      : await startWorker(eager(healthy, store), (runtime) => sweep(app, runtime));
  const random = seededRandom(given.seed ?? 0);
  while (second.at !== undefined) {
    if (given.seed !== undefined && first.at !== undefined && random() < 0.5) await first.step();
    else await second.step();
  }
  await finish(second);
}
