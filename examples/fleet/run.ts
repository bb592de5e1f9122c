import { handle, read, sweep, type Draft, type Runtime, type StateStore } from '@hearth/core';
import { memoryDeadLetters } from '@hearth/core/ports';
import { eraseOwner } from '@hearth/core/privacy';
import { query, registerDevices, type RejectedDevice } from '@hearth/core/registry';
import { logger, nodeRuntime } from '@hearth/node';
import { linesOf, made, ownerOf } from './devices-file.ts';
import { app, dim, registry } from './fleet.ts';
import { progress, type Screen } from './progress.ts';

/** What is done with which file, in which store. */
export interface FleetRun {
  readonly file: string;
  /** How many lines the file has, its header aside. */
  readonly lines: number;
  readonly store: StateStore;
  /** The name of the store, for people. */
  readonly name: string;
  readonly screen: Screen;
}

/** What came of it. Rates are by second. */
export interface FleetReport {
  readonly registered: number;
  readonly rejections: readonly RejectedDevice[];
  readonly registeredPerSecond: number;
  readonly foundOnSite: number;
  readonly firstPageMs: number;
  readonly dimmed: number;
  readonly dimmedPerSecond: number;
  /** How many subjects and records of the one owner were erased. */
  readonly erased: Readonly<Record<string, number>>;
}

/** Registers a fleet from its file, looks for some of it, and dims the lamps that get too warm. */
export async function runFleet(run: FleetRun): Promise<FleetReport> {
  const runtime = nodeRuntime({
    store: run.store,
    // Nobody listens here; each event is thrown away as soon as it is out.
    publisher: {
      ordered: true,
      publish: async (events) => events.map(() => ({ outcome: 'published' })),
    },
    sweep: true,
    // What is rejected is shown below.
    logger: logger({ level: 'warn' }),
  });
  const registration = await register(run, runtime);
  const found = await look(run, runtime);
  const job = await dimWarm(run, runtime);
  const erased = await erase(run, runtime);
  return { ...registration, ...found, ...job, erased };
}

async function register({ file, lines, name, screen }: FleetRun, runtime: Runtime) {
  const bar = progress(`register in ${name}`, lines, screen);
  const rejections: RejectedDevice[] = [];
  let registered = 0;
  const steps = registerDevices(app, runtime, registry, linesOf(file), {
    name: 'factory',
    format: 'csv',
  });
  for await (const step of steps) {
    ({ registered } = step);
    rejections.push(...step.rejections);
    bar.at(step.lines - 1, `${step.rejected} rejected`);
  }
  const registeredPerSecond = bar.end(lines, `${rejections.length} rejected`);
  for (const { line, code, field, message } of rejections.slice(0, 3))
    screen.write(
      `  line ${line}: ${code}${field === undefined ? '' : ` (${field})`}: ${message}\n`,
    );
  return { registered, rejections, registeredPerSecond };
}

/** Finds all the lamps of one site, page by page. */
async function look({ name, screen }: FleetRun, runtime: Runtime) {
  const wanted = { tag: 'site', value: `site-${made.sites >> 1}` };
  const start = performance.now();
  let { found, cursor } = await query(runtime, registry, wanted);
  const firstPageMs = performance.now() - start;
  let foundOnSite = found.length;
  while (cursor !== undefined) {
    ({ found, cursor } = await query(runtime, registry, { ...wanted, cursor }));
    foundOnSite += found.length;
  }
  screen.write(
    `find a site in ${name}: ${foundOnSite} lamps, first page after ${firstPageMs.toFixed(1)} ms\n`,
  );
  return { foundOnSite, firstPageMs };
}

/** Starts the job, and sweeps until it is done, as a worker does beside its trigger. */
async function dimWarm({ lines, name, screen }: FleetRun, runtime: Runtime) {
  const bar = progress(`dim in ${name}`, Math.ceil(lines / 4), screen);
  await say(runtime, dim.start('too-warm', { group: 'warm', data: { brightness: 60 } }));
  for (;;) {
    await sweep(app, runtime);
    const { status, looked, made: dimmed } = (await read(runtime, dim.ref('too-warm'))).state;
    bar.at(looked);
    if (status !== 'running') return { dimmed, dimmedPerSecond: bar.end(looked) };
  }
}

/** Erases one owner, as if they had asked for it. */
async function erase({ name, screen }: FleetRun, runtime: Runtime) {
  const owner = ownerOf(0);
  const start = performance.now();
  // A worker beside a bus looks a second time, a quarter of an hour later; here nobody else is at work.
  const options = {
    request: 'ticket-1',
    by: 'operator',
    settleMs: 0,
    deadLetters: memoryDeadLetters(),
  };
  const { counts } = await eraseOwner(app, runtime, owner, options);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const { found } = await query(runtime, registry, { tag: 'owner', value: owner });
  if (found.length > 0) throw new Error(`${found.length} lamps still have the erased owner.`);
  screen.write(`erase one owner in ${name}: ${JSON.stringify(counts)} in ${seconds} s\n`);
  return counts;
}

async function say(runtime: Runtime, draft: Draft): Promise<void> {
  const event = {
    specversion: '1.0',
    id: `${draft.type}-${draft.subject}`,
    source: '/operator',
    ...draft,
  } as const;
  const principal = { kind: 'service', id: 'operator' } as const;
  const [handled] = await handle(app, [{ event, principal }], runtime);
  if (handled?.verdict !== 'done') throw new Error(`${draft.type}: ${handled?.code}`);
}
