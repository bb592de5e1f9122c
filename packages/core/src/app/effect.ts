import { HearthError, isHearthError } from '../event/error.ts';
import { callTime, inTime, portTime, timeLeft, tooLate } from './in-time.ts';
import type { Outgoing, PublishResult } from '../ports/publisher.ts';
import { publishAll } from '../ports/route.ts';
import type { Runtime } from '../ports/runtime.ts';
import type {
  DueRequest,
  KeyPage,
  RecordWrite,
  SaveResult,
  StateStore,
  StoredRecord,
  TagRequest,
} from '../ports/state-store.ts';
import { recent, type Recent } from './recent.ts';

/** Everything that the core asks of the outside: plain data, so that it can be carried out later, at once, or not at all. */
export type Effect =
  | { readonly do: 'load'; readonly keys: readonly string[] }
  | { readonly do: 'save' | 'erase'; readonly writes: readonly RecordWrite[] }
  | { readonly do: 'due'; readonly request: DueRequest }
  | { readonly do: 'query'; readonly request: TagRequest }
  | { readonly do: 'publish'; readonly dead: boolean; readonly events: readonly Outgoing[] }
  | { readonly do: 'call'; readonly calls: readonly CallRequest[] }
  | { readonly do: 'wake'; readonly at: readonly number[] }
  | { readonly do: 'sleep'; readonly ms: number };

/** One call to perform: the function's type, what it is about, its request, its idempotency key and its time. */
export interface CallRequest {
  readonly type: string;
  readonly subject: string;
  readonly request: unknown;
  readonly key: string;
  readonly timeoutMs: number;
}

/** What a call gave, or the reason why it gave nothing. */
export type CallResult = { readonly result: unknown } | HearthError;

/** Work of the core: it yields effects and goes on with their results. A failed effect gives a `HearthError`; it never throws one in. */
export type Task<R> = Generator<Effect, R, unknown>;

/** Loads records. */
export function* load(
  keys: readonly string[],
): Task<readonly (StoredRecord | undefined)[] | HearthError> {
  return (yield { do: 'load', keys }) as readonly (StoredRecord | undefined)[] | HearthError;
}

/** Saves records; when the whole call fails, so does every write. */
export function* save(
  writes: readonly RecordWrite[],
  as: 'save' | 'erase' = 'save',
): Task<readonly SaveResult[]> {
  const results = (yield { do: as, writes }) as readonly SaveResult[] | HearthError;
  return isHearthError(results)
    ? writes.map(() => ({ outcome: 'unknown', error: results }))
    : results;
}

/** Asks for keys of records that are due. */
export function* due(request: DueRequest): Task<KeyPage | HearthError> {
  return (yield { do: 'due', request }) as KeyPage | HearthError;
}

/** Asks for keys of records that carry a tag. */
export function* query(request: TagRequest): Task<KeyPage | HearthError> {
  return (yield { do: 'query', request }) as KeyPage | HearthError;
}

/** Publishes events, one result each. */
export function* publish(
  events: readonly Outgoing[],
  dead = false,
): Task<readonly PublishResult[]> {
  return (yield { do: 'publish', dead, events }) as readonly PublishResult[];
}

/** Performs calls, all at once: one result each. */
export function* call(calls: readonly CallRequest[]): Task<readonly CallResult[]> {
  return (yield { do: 'call', calls }) as readonly CallResult[];
}

/** Asks the host for wake-ups at some instants; gives the error if it could not be asked for one of them. */
export function* wake(at: readonly number[]): Task<unknown> {
  return yield { do: 'wake', at };
}

/** Waits. */
export function* sleep(ms: number): Task<void> {
  yield { do: 'sleep', ms };
}

/** Carries out a task against a runtime: the only thing in the core that waits. */
export async function drive<R>(task: Task<R>, runtime: Runtime): Promise<R> {
  let step = task.next();
  while (step.done !== true) step = task.next(await perform(step.value, runtime));
  return step.value;
}

/** Carries out a task at once, with effects that do not wait: for simulations and tests. */
export function driveNow<R>(task: Task<R>, carry: (effect: Effect) => unknown): R {
  let step = task.next();
  while (step.done !== true) step = task.next(carry(step.value));
  return step.value;
}

async function perform(effect: Effect, runtime: Runtime): Promise<unknown> {
  try {
    return asExpected(effect, await limited(effect, runtime));
  } catch (cause) {
    if (isHearthError(cause)) return effect.do === 'publish' ? unpublished(effect, cause) : cause;
    return new HearthError('store-unavailable', `The store could not ${effect.do}.`, {
      retryable: true,
      cause,
    });
  }
}

/** Nobody who never answers holds up the rest. What has no time left is not begun, so a save has certainly not happened then. */
function limited(effect: Effect, runtime: Runtime): unknown {
  // A call has a time of its own.
  if (effect.do === 'call' || effect.do === 'wake') return asked(effect, runtime);
  if (effect.do === 'sleep') {
    const ms = Math.min(effect.ms, timeLeft(runtime));
    return ms > 0 ? runtime.clock.sleep(ms) : undefined;
  }
  const who = effect.do === 'publish' ? 'publisher' : 'store';
  const ms = portTime(runtime, who);
  if (ms <= 0) return notBegun(effect, tooLate(who, ms));
  const answer = asked(effect, runtime);
  return isPromise(answer) ? inTime(answer, who, ms, runtime.clock) : answer;
}

function isPromise(answer: unknown): answer is Promise<unknown> {
  return typeof (answer as Partial<Promise<unknown>> | undefined)?.then === 'function';
}

function notBegun(effect: Effect, error: HearthError): unknown {
  if (effect.do !== 'save' && effect.do !== 'erase') throw error;
  return effect.writes.map(() => ({ outcome: 'failed', error }));
}

function unpublished(
  { events }: { readonly events: readonly unknown[] },
  error: HearthError,
): readonly PublishResult[] {
  return events.map(() => ({ outcome: 'failed', error }));
}

/** A store answers for each key and each write. What it does not answer for must not be taken for saved, or for a record that is not there yet. */
function asExpected(effect: Effect, answer: unknown): unknown {
  if (effect.do === 'load') {
    if (Array.isArray(answer) && answer.length === effect.keys.length) return answer;
    throw new Error(`${effect.keys.length} keys, and as many answers were expected`);
  }
  if (effect.do !== 'save' && effect.do !== 'erase') return answer;
  const results = answer as readonly unknown[];
  return effect.writes.map((_, index) =>
    isSaveResult(results[index]) ? results[index] : { outcome: 'unknown', error: unanswered },
  );
}

function isSaveResult(result: unknown): result is SaveResult {
  const { outcome, error } = Object(result) as Partial<{ outcome: unknown; error: unknown }>;
  if (outcome === 'failed' || outcome === 'unknown') return isHearthError(error);
  return outcome === 'saved' || outcome === 'conflict';
}

const unanswered = new HearthError('store-unavailable', 'The store gave no result for a write.', {
  retryable: true,
});

function asked(effect: Effect, runtime: Runtime): unknown {
  const { store, publisher, deadLetters = publisher, clock } = runtime;
  switch (effect.do) {
    case 'load':
      return store.load(effect.keys);
    case 'save':
      return store.save(effect.writes);
    case 'erase':
      return store.erase(effect.writes);
    case 'due':
      return store.due(effect.request);
    case 'query':
      return store.query(effect.request);
    case 'publish':
      return publishAll(effect.dead ? deadLetters : publisher, effect.events);
    case 'call':
      return Promise.all(effect.calls.map((one) => performCall(one, runtime)));
    case 'wake':
      return askedToWake(effect.at, runtime);
    case 'sleep':
      return clock.sleep(effect.ms);
  }
}

/** How long a host may take to be asked for wake-ups: whoever waits for the verdict is not to wait for that any longer. */
const wakeMs = 1000;

/** Each instant is asked for, whatever becomes of the others. */
async function askedToWake(instants: readonly number[], runtime: Runtime): Promise<unknown> {
  const { wake: ask, clock } = runtime;
  const underWay: Promise<void>[] = [];
  for (const at of instants) {
    try {
      const promise = ask?.(at);
      if (promise !== undefined) underWay.push(promise);
    } catch (error) {
      underWay.push(Promise.reject(error));
    }
  }
  if (underWay.length === 0) return undefined;
  try {
    const ms = Math.min(wakeMs, portTime(runtime, 'store'));
    await clock.within(Math.max(0, ms), () => Promise.all(underWay));
    return undefined;
  } catch (error) {
    return error ?? new Error('It was not asked for.');
  } finally {
    // Those that are still on their way may fail when nobody listens any more.
    Promise.all(underWay).catch(() => undefined);
  }
}

/** Performs a call; whoever asks for it meanwhile, with the same key, in the same process, gets the same result. */
async function performCall(one: CallRequest, runtime: Runtime): Promise<CallResult> {
  const known = runtime.calls?.[one.type];
  if (known === undefined)
    return new HearthError('not-found', `No function for the call "${one.type}".`);
  const ms = callTime(runtime, one.timeoutMs);
  if (ms === 0) return noTime;
  const ask = () =>
    runtime.clock.within(ms, (signal) =>
      known(one.request as never, { idempotencyKey: one.key, subject: one.subject, signal }),
    );
  try {
    return { result: await onceAtATime(runtime.store, one.key, ask) };
  } catch (cause) {
    return isHearthError(cause) ? cause : callFailed(one.type, cause);
  }
}

const limits = { results: 256 };
const performing = new WeakMap<StateStore, Recent<Promise<unknown>>>();

/**
 * Two inputs of one record find the same call in its outbox when they are handled at once. It is performed for both of them, also for
 * the one that comes a moment later; what failed is performed again.
 */
function onceAtATime(
  store: StateStore,
  key: string,
  ask: () => Promise<unknown>,
): Promise<unknown> {
  const all = performing.get(store) ?? recent<Promise<unknown>>(limits.results);
  performing.set(store, all);
  const underWay = all.get(key);
  if (underWay !== undefined) return underWay;
  const begun = ask();
  all.set(key, begun);
  begun.catch(() => all.delete(key));
  return begun;
}

/** What a call gives for which there is no time before the deadline: it has not been tried. */
export const noTime = new HearthError('deadline', 'The deadline is too near to begin a call.', {
  retryable: true,
});

/** What a call that threw something of its own amounts to. */
export function callFailed(type: string, cause: unknown): HearthError {
  return new HearthError('call-failed', `The call "${type}" failed.`, { retryable: true, cause });
}
