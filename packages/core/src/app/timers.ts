import { isHearthError, type HearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Handler } from '../model/handler.ts';
import { accept } from './accept.ts';
import { deadLetterOf } from './dead-letter.ts';
import { appliedOf, attempt, take, touch, type Pending } from './apply.ts';
import type { Task } from './effect.ts';
import { putSilentInInbox } from './inbox.ts';
import { readsFor } from './reads.ts';
import type { PendingTimer, WorkingRecord } from './record.ts';
import { markOf } from './seen.ts';
import type { Context } from './work.ts';

/** How many timers one input may set off, how often a failing one is tried, and how long an unknown one is left alone. */
const bounds = { timersAtOnce: 100, timerTries: 5, unknownMs: 7 * 24 * 3_600_000 };

/** Runs the timers that are due at `now`, in (due, key) order. A timer's instant is when it was due, however late it is run. */
export function* runDueTimers(
  context: Context,
  record: WorkingRecord,
  now: number,
  applied: Pending,
): Task<void> {
  if (record.timers.length === 0) return;
  for (let round = 0; round < bounds.timersAtOnce; round += 1) {
    const timer = nextDue(context, record, now);
    if (timer === undefined) return;
    yield* runTimer(context, record, timer, applied);
  }
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

function* runTimer(
  context: Context,
  record: WorkingRecord,
  timer: PendingTimer,
  applied: Pending,
): Task<void> {
  const principal = { kind: 'app', id: context.app.source } as const;
  const now = Math.max(timer.at, record.at);
  const event = current(context, timer);
  const reads = isHearthError(event) ? event : yield* readsFor(record.handler, event);
  if (isHearthError(event) || isHearthError(reads)) {
    postpone(context, record, timer, isHearthError(event) ? event : (reads as HearthError));
    return;
  }
  const mark = markOf(timer.event);
  const ran = attempt(context, record, { event, mark, now, principal }, reads);
  if (isHearthError(ran)) {
    postpone(context, record, timer, ran);
    return;
  }
  record.timers = record.timers.filter((one) => one !== timer);
  putSilentInInbox(context, record, now);
  take(context, record, ran, event, mark, now);
  touch(record, now);
  applied.push(appliedOf(record, { event, now, principal }, ran, reads));
}

/** What a timer carries was checked by the code that set it; today's code may know a newer version. */
function current({ app }: Context, { event }: PendingTimer): Incoming | HearthError {
  try {
    return accept(app, event);
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    throw cause;
  }
}

/** A timer whose step throws must not stop the record: it is tried again later and in the end becomes a dead letter. */
function postpone(
  context: Context,
  record: WorkingRecord,
  timer: PendingTimer,
  error: HearthError,
): void {
  const { clock } = context.runtime;
  record.dirty = true;
  if (timer.tries + 1 < bounds.timerTries) {
    const notBefore = Math.max(clock.now(), timer.at) + 1000 * 4 ** timer.tries;
    record.timers = record.timers.map((one) =>
      one === timer ? { ...timer, tries: timer.tries + 1, notBefore } : one,
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
