import { HearthError, isHearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import { accept } from './accept.ts';
import { deadLetterOf } from './dead-letter.ts';
import { appliedOf, attempt, take, touch, type Pending } from './apply.ts';
import type { Task } from './effect.ts';
import { putSilentInInbox } from './inbox.ts';
import { readsFor } from './reads.ts';
import type { PendingTimer, WorkingRecord } from './record.ts';
import { markOf } from './seen.ts';
import { log, logged, loggedError } from './telemetry.ts';
import type { Context } from './work.ts';

/** How many timers one input may set off. */
export const timersAtOnce = 100;

/** How often a failing timer is tried, and how long an unknown one is left alone. */
const bounds = { tries: 5, unknownMs: 7 * 24 * 3_600_000 };

/**
 * Runs the timers that are due at `now`, in (due, key) order, at most so many, and none after so many outputs; gives how many it were. A timer's instant is when it was
 * due, however late it is run.
 */
export function* runDueTimers(
  context: Context,
  record: WorkingRecord,
  now: number,
  applied: Pending,
  most = timersAtOnce,
  mostOutputs = Infinity,
): Task<number> {
  if (record.timers.length === 0) return 0;
  for (let round = 0; round < most; round += 1) {
    // A timer that sets itself again and again, as a job does page by page, waits until what it has emitted is delivered.
    if (round > 0 && record.outbox.length >= mostOutputs) return round;
    const timer = nextDue(context, record, now);
    if (timer === undefined) return round;
    const error = yield* runTimer(context, record, timer, applied);
    if (error !== undefined) postpone(context, record, timer, error);
  }
  return most;
}

/** Puts off the timer that is due first: whatever comes of it cannot be saved. `false` if none is due. */
export function postponeNext(
  context: Context,
  record: WorkingRecord,
  now: number,
  error: HearthError,
): boolean {
  const timer = nextDue(context, record, now);
  if (timer !== undefined) postpone(context, record, timer, error);
  return timer !== undefined;
}

function nextDue(
  context: Context,
  { handler, timers }: WorkingRecord,
  now: number,
): PendingTimer | undefined {
  const clockNow = context.runtime.clock.now();
  let next: PendingTimer | undefined;
  for (const timer of timers) {
    if (timer.at > now || timer.notBefore > Math.max(now, clockNow)) continue;
    if (isForeign(context, handler, timer) && clockNow < timer.at + bounds.unknownMs) continue;
    if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.key < next.key))
      next = timer;
  }
  return next;
}

/** A timer that this code does not know was set by another release, which will run it; only after a week nobody is expected any more. */
function isForeign({ app }: Context, handler: Handler, { event }: PendingTimer): boolean {
  const known = app.types.get(event.type)?.[0];
  return known === undefined || !handler.subscriptions.has(known.event.type);
}

/** Runs a timer; what goes wrong with it leaves the record as it was. */
function* runTimer(
  context: Context,
  record: WorkingRecord,
  timer: PendingTimer,
  applied: Pending,
): Task<HearthError | undefined> {
  const principal = { kind: 'app', id: context.app.source } as const;
  const now = Math.max(timer.at, record.at);
  try {
    const event = accept(context.app, timer.event);
    const reads = yield* readsFor(record.handler, event);
    if (isHearthError(reads)) return reads;
    const mark = markOf(timer.event);
    const ran = attempt(context, record, { event, mark, now, principal }, reads);
    if (isHearthError(ran)) return ran;
    take(context, record, ran, event, mark, now);
    // One that set itself again is another one by now.
    record.timers = record.timers.filter((one) => one !== timer);
    putSilentInInbox(context, record, now);
    touch(record, now);
    applied.push(appliedOf(record, { event, now, principal }, ran, reads));
    return undefined;
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    const message = `A timer of "${record.handler.name}" failed.`;
    return new HearthError('step-failed', message, { cause });
  }
}

/**
 * A timer whose step throws must not stop the record: it is tried again later and in the end becomes a dead letter, unless the world is
 * to blame.
 */
function postpone(
  context: Context,
  record: WorkingRecord,
  timer: PendingTimer,
  error: HearthError,
): void {
  const { clock } = context.runtime;
  const fields = { ...logged(timer.event), handler: record.handler.name, reason: error.code };
  log(context, 'error', { ...fields, ...loggedError(error) }, 'A step failed.');
  record.dirty = true;
  const tries = timer.tries + 1;
  if (tries < bounds.tries || error.retryable) {
    const notBefore =
      Math.max(clock.now(), timer.at) + 1000 * 4 ** Math.min(timer.tries, bounds.tries);
    record.timers = record.timers.map((one) =>
      one === timer ? { ...timer, tries, notBefore } : one,
    );
    return;
  }
  record.timers = record.timers.filter((one) => one !== timer);
  const letter = deadLetterOf(
    context.app,
    timer.event,
    { code: error.code, message: error.message },
    clock.now(),
  );
  record.outbox.push({
    event: letter,
    body: JSON.stringify(letter),
    cause: '',
    nextAt: clock.now(),
    tries: 0,
    done: '',
    dead: true,
  });
}
