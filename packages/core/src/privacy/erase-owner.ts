import type { App } from '../app/define-app.ts';
import { drive } from '../app/effect.ts';
import { reopen } from '../app/read.ts';
import { HearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import type { DeadLetterStore } from '../ports/dead-letter-store.ts';
import type { Runtime } from '../ports/runtime.ts';
import { privacyOf, type Privacy } from './define-privacy.ts';
import { eraseRecords, forgetAt, placesOf } from './places.ts';
import {
  assertRequest,
  enter,
  keepersOf,
  keepRequest,
  lettersOf,
  requestState,
  type Counts,
  type RequestOptions,
  type RequestState,
} from './request.ts';

/** How somebody is erased; see `eraseOwner`. */
export interface EraseOptions extends RequestOptions {
  /**
   * After how long (ms) a second look is taken at everything: longer than a worker may take to deliver what it had read before, and than a
   * bus keeps events if subscribers get theirs from it. 15 minutes when absent; 0 takes none.
   */
  readonly settleMs?: number;
}

/** How far an erasure has come. */
export interface Erased {
  /** `settling`: all is erased, and looked at once more when it is called again, at `again` (ms) or later. */
  readonly status: 'settling' | 'done';
  readonly again?: number;
  /** How many subjects, records (made tombstones), copies in records of others and dead letters were erased. */
  readonly counts: Counts;
  /** What could not be reached: dead letters, if they are not kept where they can be looked into. */
  readonly unreached: readonly 'dead letters'[];
}

const limits = { subjects: 200, settleMs: 900_000 };

interface Work {
  readonly app: App;
  readonly runtime: Runtime;
  readonly privacy: Privacy;
  readonly options: EraseOptions;
  readonly handlers: readonly Handler[];
  readonly letters: DeadLetterStore | undefined;
  readonly owner: string;
  state: RequestState;
}

/**
 * Erases a person: every record of theirs and of what belongs to them, with outbox, timers, answers, decisions and index entries; copies
 * in the records of others; dead letters; and what audit entries said of them. What stays are tombstones, which refuse every input
 * (`erased`) until `reopenSubject`, and the audit trail, whole.
 *
 * What is to be done is written down before it is done, so that after a crash the same call, with the same `request`, goes on. Call it
 * again at `again`: until then the names of the subjects are kept with the request. A subject is a part of its records' keys: wrap the
 * store in `pseudonymousStore` if subjects themselves are personal.
 *
 * @throws {HearthError} `not-found` when the app has no `definePrivacy`; `invalid-option`; `record-newer` when newer code has to do it;
 * `store-unavailable`, `conflict` and what dead letters are kept in throws (call again).
 */
export async function eraseOwner(
  app: App,
  runtime: Runtime,
  owner: string,
  options: EraseOptions,
): Promise<Erased> {
  assertRequest(owner, options);
  const privacy = privacyOf(app);
  const hidden = privacy.pseudonymOf(owner);
  const before = await requestState(runtime, options.request, hidden);
  const letters = lettersOf(runtime, options.deadLetters);
  const state = before ?? begun(hidden);
  const handlers = keepersOf(app, privacy);
  const work: Work = { app, runtime, privacy, options, handlers, letters, owner, state };
  if (before?.status === 'done') return answerOf(work);
  await enter(app, runtime, options, privacy.events.erasing, { owner: hidden, counts: {} });
  const { again } = state;
  if (again !== null && again > runtime.clock.now()) return answerOf(work);
  await carryOut(work, state.plan);
  await eraseNew(work);
  const { settleMs = limits.settleMs } = options;
  if (again === null && settleMs > 0) {
    await keep(work, { status: 'settling', again: runtime.clock.now() + settleMs });
    return answerOf(work);
  }
  const { counts } = work.state;
  await enter(app, runtime, options, privacy.events.erased, { owner: hidden, counts });
  await keep(work, { status: 'done', again: null, plan: [] });
  return answerOf(work);
}

const begun = (owner: string): RequestState => ({
  owner,
  status: 'working',
  again: null,
  plan: [],
  counts: { subjects: 0, records: 0, copies: 0, letters: 0 },
});

function answerOf({ state, letters }: Work): Erased {
  return {
    status: state.status === 'done' ? 'done' : 'settling',
    ...(state.again === null ? {} : { again: state.again }),
    counts: state.counts,
    unreached: letters === undefined ? ['dead letters'] : [],
  };
}

async function keep(work: Work, change: Partial<RequestState>): Promise<void> {
  const state = { ...work.state, ...change };
  await keepRequest(work.runtime, work.options.request, state);
  work.state = state;
}

/** Plans and erases what belongs to the owner, until nothing more is found; the owner's own records last, since others may be found by them. */
async function eraseNew(work: Work): Promise<void> {
  for (;;) {
    const found = await nextSubjects(work);
    const isLast = found.length === 0;
    const isOwnerDone = work.state.plan.some(([subject]) => subject === work.owner);
    if (isLast && isOwnerDone) return;
    const subjects = isLast ? [work.owner] : found;
    const plan: [string, readonly string[]][] = [];
    for (const subject of subjects)
      plan.push([subject, await drive(placesOf(work.handlers, subject), work.runtime)]);
    await keep(work, {
      plan: [...work.state.plan, ...plan],
      counts: added(work.state.counts, { subjects: subjects.length }),
    });
    await carryOut(work, plan);
  }
}

async function nextSubjects({ privacy, runtime, owner, state }: Work): Promise<readonly string[]> {
  const planned = new Set([owner, ...state.plan.map(([subject]) => subject)]);
  const found = new Set<string>();
  for await (const subject of privacy.subjectsOf(owner, runtime)) {
    assertSubject(subject);
    if (!planned.has(subject)) found.add(subject);
    if (found.size === limits.subjects) break;
  }
  return [...found];
}

function assertSubject(subject: unknown): void {
  if (typeof subject === 'string' && subject !== '') return;
  const message = 'subjectsOf gave what is no subject: a text that is not empty.';
  throw new HearthError('invalid-definition', message, { field: 'subjectsOf' });
}

/** Copies first: where they lie is known by the records that are erased after them. */
async function carryOut(work: Work, plan: RequestState['plan']): Promise<void> {
  if (plan.length === 0) return;
  const { runtime, handlers, letters } = work;
  const gone = new Set(plan.map(([subject]) => subject));
  const places = new Set(plan.flatMap(([, all]) => all).filter((place) => !gone.has(place)));
  const copies = await drive(forgetAt(handlers, places, gone), runtime);
  const records = await drive(eraseRecords(handlers, gone), runtime);
  let erased = 0;
  for (const subject of gone) erased += (await letters?.erase(subject)) ?? 0;
  if (copies + records + erased === 0) return;
  const counts = added(work.state.counts, { copies, records, letters: erased });
  await keep(work, { counts });
}

function added(counts: Counts, more: Counts): Counts {
  const sums = Object.entries(more).map(([name, by]) => [name, (counts[name] ?? 0) + by]);
  return { ...counts, ...Object.fromEntries(sums) };
}

/**
 * Lets an erased subject begin anew in every record of the app, such as a device that somebody else has bought.
 *
 * @throws {HearthError} when the store could not do it; calling again goes on.
 */
export async function reopenSubject(app: App, runtime: Runtime, subject: string): Promise<void> {
  for (const record of app.handlers.values())
    await reopen(runtime, { record, subject, view: (state) => state });
}
