import { HearthError } from '../event/error.ts';
import { dataOf, optional, values } from '../model/fields.ts';
import {
  eventDef,
  type Draft,
  type EventDef,
  type EventType,
  type Incoming,
} from '../model/event.ts';
import {
  handlerOf,
  ownSubject,
  type Outcome,
  type Part,
  type Ref,
  type StepInput,
  type Subscription,
} from '../model/handler.ts';
import { pageOf, type One, type PageOf, type PageRequest, type Readable } from '../model/reads.ts';
import { anything, check, type Schema } from '../model/schema.ts';
import { selectionOf, type Queryable } from './query.ts';
import type { InGroup, Selection } from './selection.ts';

/** Where a job is, and how far it has come. */
export interface JobState<D = unknown> {
  readonly status: 'new' | 'running' | 'paused' | 'cancelled' | 'done';
  readonly select: Selection | null;
  readonly data: D | null;
  /** How many records it has looked at, and how many drafts it has made of them. */
  readonly looked: number;
  readonly made: number;
  readonly pages: number;
  /** Where the next page begins; absent for the first. */
  readonly cursor?: string | undefined;
  /** When it was started, and when it ended (ms). */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** How a job is described; see `forEach`. */
export interface ForEachOptions<N extends string, V, D> {
  readonly name: N;
  /** Over what it goes: a registry, a device model, a home, a handler. */
  readonly over: Queryable<V>;
  /** What each run of the job is given besides its selection; nothing when absent. */
  readonly data?: Schema<D>;
  /** What is said for one of them; nothing if `undefined`. Pure, as a step is. */
  readonly draft: (one: One<V>, data: D) => Draft | readonly Draft[] | undefined;
  /** How many records one page has: 100 unless given, at most 500. What a page says is saved in one record. */
  readonly page?: number;
  /** The time between two pages in ms: 1 unless given. */
  readonly paceMs?: number;
}

/** What a job is about: which records, and what is to be said of them. */
export type Start<D> = (Selection | InGroup) & { readonly data?: D };

/** What a job tells. */
export interface JobEvents<N extends string, D> {
  readonly started: EventDef<`${N}.started`, JobState<D>>;
  /** After each page; emitted only if somebody in the app subscribes to it. */
  readonly progressed: EventDef<`${N}.progressed`, JobState<D>>;
  /** It is done, or has been cancelled. */
  readonly ended: EventDef<`${N}.ended`, JobState<D>>;
}

/** A job: a part of an app. Each run has a name of its own. */
export interface Job<N extends string, D> extends Part, Readable<JobState<D>> {
  readonly name: N;
  readonly events: JobEvents<N, D>;
  start(run: string, on: Start<D>): Draft;
  pause(run: string): Draft;
  resume(run: string): Draft;
  cancel(run: string): Draft;
  ref(run: string): Ref<JobState<D>>;
}

const fresh: JobState = {
  status: 'new',
  select: null,
  data: null,
  looked: 0,
  made: 0,
  pages: 0,
  startedAt: 0,
  endedAt: null,
};

type State = JobState;
type Reads = { readonly page: PageOf<unknown> };
type Input<T = never> = StepInput<State, Incoming<string, T>, Reads>;

const timerKey = 'page';

/**
 * Says something for each record of a selection: a bulk job, a scene. `switchOff.start('run-1', { tag: 'home', value: 'h1' })` begins it.
 *
 * It goes on page by page, by timers: what a page says and where the next one begins are saved together, so a crash at any moment repeats and
 * leaves out nothing, and the ids are the same when a page is told twice. The next page begins when something sweeps and the outputs of the last
 * are delivered. Records that get the tag while it runs are found if they come later in the order of ids; a record that was seen is not seen
 * again. Only an app or a service starts, pauses (`paused`, the page that runs is finished), resumes and cancels it. Starting what runs already is
 * no mistake; with another selection it is rejected, `already-started`. A draft that throws holds the job up, and its page becomes a dead letter
 * after five tries; `pause` and `resume` begin that page again.
 *
 * @throws {HearthError} `invalid-definition` for a page that is not 1 to 500, or a pace below 1 ms.
 */
export function forEach<const N extends string, V, D = undefined>(
  options: ForEachOptions<N, V, D>,
): Job<N, D> {
  const { name, over } = options as unknown as Known;
  assertOptions(options as unknown as Known);
  const events = jobEvents(name, options.data);
  const job: Known = { ...(options as unknown as Known), events };
  const on = (event: EventType, step: unknown, more: Partial<Subscription> = {}) =>
    [
      event.type,
      { event, step: step as Subscription['step'], subjectOf: ownSubject, ...more },
    ] as const;
  const record = handlerOf<State>(
    {
      name,
      state: anything,
      initial: fresh,
      trusted: true,
      reads: {
        page: pageOf(over, (event) =>
          event.type === events.page.type ? (event.data as PageRequest) : undefined,
        ),
      },
      tags: ({ status }: State) => (status === 'new' ? {} : { status }),
    },
    new Map([
      on(events.start, (input: Input<Begin>) => start(job, input)),
      on(events.pause, (input: Input) => hold(input)),
      on(events.resume, (input: Input) => goOn(job, input)),
      on(events.cancel, (input: Input) => cancel(job, input)),
      on(events.page, (input: Input<PageRequest>) => turnPage(job, input), { internal: true }),
    ]),
  );
  const { started, progressed, ended } = events;
  // The state is typed by the schema of the data, to which every start is held.
  return {
    name,
    events: { started, progressed, ended },
    start: (run: string, { data, ...on_ }: Start<D>) =>
      events.start(run, {
        select: selectionOf(over, on_),
        ...(data === undefined ? {} : { data }),
      }),
    pause: (run: string) => events.pause(run, {}),
    resume: (run: string) => events.resume(run, {}),
    cancel: (run: string) => events.cancel(run, {}),
    ref: record.ref,
    record,
    view: record.view,
    handlers: [record],
    defines: Object.values(events),
    makes: [name],
  } as unknown as Job<N, D>;
}

interface Begin {
  readonly select: Selection;
  readonly data?: unknown;
}

interface Known {
  readonly name: string;
  readonly over: Queryable<unknown>;
  readonly data?: Schema;
  readonly draft: (one: One<unknown>, data: unknown) => Draft | readonly Draft[] | undefined;
  readonly page?: number;
  readonly paceMs?: number;
  readonly events: ReturnType<typeof jobEvents>;
}

function assertOptions({ name, page = 100, paceMs = 1 }: Known): void {
  const isPage = Number.isSafeInteger(page) && page >= 1 && page <= 500;
  if (isPage && paceMs >= 1) return;
  const [field, message] = isPage
    ? ['paceMs', `The pages of "${name}" need a pace of at least 1 ms.`]
    : ['page', `A page of "${name}" has 1 to 500 records.`];
  throw new HearthError('invalid-definition', message, { field });
}

const byService = { from: ['app', 'service'] } as const;

function jobEvents(name: string, data: Schema | undefined) {
  const def = (kind: string, schema: Schema, nature: Partial<EventType>) =>
    eventDef({ type: `${name}.${kind}`, data: schema, older: [], ...nature });
  const begin = dataOf<Begin>({
    select: values,
    data: optional([(value) => fitsData(data, value), 'does not fit'] as const),
  });
  const own = { madeBy: name };
  return {
    start: def('start', begin, byService),
    pause: def('pause', dataOf({}), byService),
    resume: def('resume', dataOf({}), byService),
    cancel: def('cancel', dataOf({}), byService),
    page: def('page', anything, own),
    started: def('started', anything, own),
    progressed: def('progressed', anything, { ...own, quiet: true }),
    ended: def('ended', anything, own),
  };
}

const fitsData = (schema: Schema | undefined, value: unknown): boolean =>
  schema !== undefined && check(schema, value).issue === undefined;

function start(job: Known, { state, event, now }: Input<Begin>): Outcome<State> {
  const { select, data = null } = event.data;
  if (data === null && job.data !== undefined && !fitsData(job.data, undefined))
    return {
      reject: { code: 'invalid-data', data: { field: 'data.data', message: 'is missing' } },
    };
  if (state.status !== 'new') {
    const isSame = JSON.stringify([state.select, state.data]) === JSON.stringify([select, data]);
    return isSame ? {} : { reject: { code: 'already-started', data: { status: state.status } } };
  }
  const next: State = { ...state, status: 'running', select, data, startedAt: now };
  return {
    state: next,
    emit: job.events.started(event.subject, next),
    timers: [pageTimer(job, event.subject, next, now)],
  };
}

function pageTimer(job: Known, run: string, { select, cursor }: State, now: number) {
  const { page: limit = 100, paceMs = 1, events } = job;
  const request = { ...select, limit, ...(cursor === undefined ? {} : { cursor }) };
  return { key: timerKey, at: now + paceMs, event: events.page(run, request) };
}

/** What one page says, and the timer for the next. */
function turnPage(job: Known, { state, event, reads, now }: Input<PageRequest>): Outcome<State> {
  if (state.status !== 'running' || event.data.cursor !== state.cursor) return {};
  const { all, cursor } = reads.page;
  const drafts = all.flatMap((one) => job.draft(one, state.data ?? undefined) ?? []);
  const isLast = cursor === undefined;
  const next: State = {
    ...state,
    looked: state.looked + all.length,
    made: state.made + drafts.length,
    pages: state.pages + 1,
    cursor,
    ...(isLast ? { status: 'done', endedAt: now } : {}),
  };
  const { subject } = event;
  const told = job.events[isLast ? 'ended' : 'progressed'](subject, next);
  const outcome = { state: next, emit: [...drafts, told] };
  return isLast ? outcome : { ...outcome, timers: [pageTimer(job, subject, next, now)] };
}

function hold({ state }: Input): Outcome<State> {
  if (state.status === 'paused') return {};
  if (state.status !== 'running') return wrongStatus(state);
  return { state: { ...state, status: 'paused' }, cancel: [timerKey] };
}

function goOn(job: Known, { state, event, now }: Input): Outcome<State> {
  if (state.status === 'running') return {};
  if (state.status !== 'paused') return wrongStatus(state);
  const next: State = { ...state, status: 'running' };
  return { state: next, timers: [pageTimer(job, event.subject, next, now)] };
}

function cancel(job: Known, { state, event, now }: Input): Outcome<State> {
  if (state.status === 'cancelled') return {};
  if (state.status !== 'running' && state.status !== 'paused') return wrongStatus(state);
  const next: State = { ...state, status: 'cancelled', endedAt: now };
  return { state: next, cancel: [timerKey], emit: job.events.ended(event.subject, next) };
}

const wrongStatus = ({ status }: State): Outcome<State> => ({
  reject: { code: 'wrong-status', data: { status } },
});
