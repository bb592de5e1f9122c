import { HearthError, isHearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Applied } from '../ports/runtime.ts';
import { accept } from './accept.ts';
import { deadLetterOf } from './dead-letter.ts';
import type { PendingTimer, WorkingRecord } from './record.ts';
import { run, type Ran } from './run.ts';
import { lookUp, markOf, remember, type Mark } from './seen.ts';
import { recordHash } from './stamp.ts';
import { count, type Context, type Fate, type Work } from './work.ts';

/** How many events an inbox remembers, for how long at most, and how many answers and decisions a record keeps. */
const bounds = {
  entries: 64,
  ageMs: 14 * 24 * 3_600_000,
  answers: 8,
  decisions: 5,
  timersAtOnce: 100,
  timerTries: 5,
};
const graceMs = 30_000;

/** A step that was applied to a record and is not saved yet. */
export type Pending = Applied[];

/** Applies one event to a record, its due timers first. Changes the record in place; what happened goes to `applied`. */
export function fold(
  context: Context,
  record: WorkingRecord,
  work: Work,
  reads: unknown,
  applied: Pending,
): Fate {
  const now = Math.max(work.now, record.at);
  if (record.erased)
    return { status: 'rejected', code: 'erased', message: `"${record.key}" has been erased.` };
  runDueTimers(context, record, now, applied);
  switch (lookUp(record.seen, work.mark)) {
    case 'same':
      count(context, 'duplicate');
      return answered(record, work.mark);
    case 'reused':
      return {
        status: 'rejected',
        code: 'id-reused',
        message: `The id of "${work.event.type}" was used before with other content.`,
      };
    case 'new':
      return applyNew(context, record, { ...work, now }, reads, applied);
  }
}

function answered(record: WorkingRecord, mark: Mark): Fate {
  const answer = record.answers.find(({ to }) => to === mark.id);
  if (answer?.reject !== undefined) return { status: 'rejected', ...answer.reject };
  return {
    status: 'done',
    duplicate: true,
    ...(answer?.reply === undefined ? {} : { reply: answer.reply }),
  };
}

function applyNew(
  context: Context,
  record: WorkingRecord,
  work: Work,
  reads: unknown,
  applied: Pending,
): Fate {
  const { event, mark, now } = work;
  if (record.handler.latestOnly && isStale(record, event)) {
    return {
      status: 'rejected',
      code: 'stale',
      message: `"${event.type}" is not newer than the last of its source.`,
    };
  }
  const ran = attempt(context, record, work, reads);
  if (isHearthError(ran)) {
    return ran.code === 'depth-exceeded'
      ? { status: 'rejected', code: ran.code, message: ran.message }
      : { status: 'failed', error: ran };
  }
  const effective = take(context, record, ran, event, mark, now);
  if (
    effective ||
    ran.reject !== undefined ||
    record.handler.remember === 'always' ||
    record.handler.latestOnly
  ) {
    rememberInput(context, record, ran, event, mark, now);
    applied.push(appliedOf(record, work, ran));
  } else if (ran.reply !== undefined) applied.push(appliedOf(record, work, ran));
  if (ran.reject !== undefined) return { status: 'rejected', ...ran.reject };
  return { status: 'done', ...(ran.reply === undefined ? {} : { reply: ran.reply }) };
}

function isStale(record: WorkingRecord, { source, sequence }: Incoming): boolean {
  const last = record.latest[source];
  return last !== undefined && sequence !== undefined && sequence <= last;
}

function attempt(
  context: Context,
  record: WorkingRecord,
  work: Work,
  reads: unknown,
): Ran | HearthError {
  const mark = context.app.marks.get(record.handler.key);
  if (mark !== undefined) record.hash ??= recordHash(mark, record.subject);
  const { event, now, principal, traceparent } = work;
  try {
    return run(context.app, record.handler, record, { event, reads, now, principal, traceparent });
  } catch (cause) {
    return isHearthError(cause)
      ? cause
      : new HearthError('step-failed', `"${record.handler.name}" failed.`, { cause });
  }
}

/** Takes over what a step returned; `true` if there was anything. A rejected step leaves the state as it was. */
function take(
  context: Context,
  record: WorkingRecord,
  ran: Ran,
  event: Incoming,
  mark: Mark,
  now: number,
): boolean {
  const changed = ran.reject === undefined && ran.state !== record.state;
  const cancelled = record.timers.filter(({ key }) => ran.cancel.includes(key));
  if (!changed && ran.emitted.length === 0 && ran.timers.length === 0 && cancelled.length === 0)
    return false;
  if (changed) record.state = ran.state;
  record.counter += ran.emitted.length;
  const nextAt = context.runtime.clock.now() + graceMs;
  for (const emitted of ran.emitted) {
    record.outbox.push({
      id: emitted.id,
      body: JSON.stringify(emitted),
      cause: mark.id,
      nextAt,
      tries: 0,
      done: '',
    });
  }
  if (ran.timers.length > 0 || cancelled.length > 0) {
    const replaced = new Set([...ran.cancel, ...ran.timers.map(({ key }) => key)]);
    const set = ran.timers.map((timer) => ({ ...timer, tries: 0, notBefore: 0 }));
    record.timers = [...record.timers.filter(({ key }) => !replaced.has(key)), ...set];
  }
  if (ran.because !== undefined) decide(record, ran, event, now);
  touch(record, now);
  return true;
}

function decide(record: WorkingRecord, ran: Ran, event: Incoming, at: number): void {
  const emitted = ran.emitted.map(({ type, subject }) => `${type} ${subject}`);
  const decision = { at, id: event.id, type: event.type, because: ran.because ?? [], emitted };
  record.decisions = [...record.decisions, decision].slice(-bounds.decisions);
}

function touch(record: WorkingRecord, now: number): void {
  record.at = now;
  record.dirty = true;
}

function rememberInput(
  context: Context,
  record: WorkingRecord,
  ran: Ran,
  event: Incoming,
  mark: Mark,
  now: number,
): void {
  const { redeliveryAgeMs } = context.runtime;
  const kept = (id: string) => record.outbox.some(({ cause }) => cause === id);
  const { seen, overflow } = remember(record.seen, mark, now, {
    entries: bounds.entries,
    ageMs: redeliveryAgeMs ?? bounds.ageMs,
    kept,
  });
  if (overflow > 0 && redeliveryAgeMs !== undefined) count(context, 'seen_overflow', overflow);
  record.seen = seen;
  if (ran.reject !== undefined || ran.reply !== undefined) {
    const { reject, reply } = ran;
    const answer = {
      to: mark.id,
      ...(reject === undefined ? {} : { reject }),
      ...(reply === undefined ? {} : { reply }),
    };
    record.answers = [...record.answers, answer].slice(-bounds.answers);
  }
  if (record.handler.latestOnly && event.sequence !== undefined) {
    record.latest = { ...record.latest, [event.source]: event.sequence };
  }
  touch(record, now);
}

function appliedOf(
  record: WorkingRecord,
  work: Pick<Work, 'event' | 'now' | 'principal'>,
  ran: Ran,
): Applied {
  const { event, now, principal } = work;
  return {
    handler: record.handler.name,
    subject: record.subject,
    event,
    now,
    principal: `${principal.kind}:${principal.id}`,
    emitted: ran.emitted,
    ...(ran.because === undefined ? {} : { because: ran.because }),
    ...(ran.reject === undefined ? {} : { rejected: ran.reject.code }),
    ...(ran.reply === undefined ? {} : { reply: ran.reply }),
  };
}

/** Runs the timers that are due at `now`, in (due, key) order. A timer's instant is when it was due, however late it is run. */
export function runDueTimers(
  context: Context,
  record: WorkingRecord,
  now: number,
  applied: Pending,
): void {
  if (record.timers.length === 0) return;
  for (let round = 0; round < bounds.timersAtOnce; round += 1) {
    const timer = nextDue(record.timers, now, context.runtime.clock.now());
    if (timer === undefined) return;
    runTimer(context, record, timer, applied);
  }
}

function nextDue(
  timers: readonly PendingTimer[],
  now: number,
  clockNow: number,
): PendingTimer | undefined {
  let next: PendingTimer | undefined;
  for (const timer of timers) {
    if (timer.at > now || timer.notBefore > Math.max(now, clockNow)) continue;
    if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.key < next.key))
      next = timer;
  }
  return next;
}

function runTimer(
  context: Context,
  record: WorkingRecord,
  timer: PendingTimer,
  applied: Pending,
): void {
  const principal = { kind: 'app', id: context.app.source } as const;
  const now = Math.max(timer.at, record.at);
  const event = current(context, timer);
  const mark = markOf(timer.event);
  const ran = isHearthError(event)
    ? event
    : attempt(context, record, { event, mark, now, principal }, {});
  if (isHearthError(ran) || isHearthError(event)) {
    postpone(context, record, timer, isHearthError(ran) ? ran : (event as HearthError));
    return;
  }
  record.timers = record.timers.filter((one) => one !== timer);
  take(context, record, ran, event, mark, now);
  touch(record, now);
  applied.push(appliedOf(record, { event, now, principal }, ran));
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
    id: letter.id,
    body: JSON.stringify(letter),
    cause: '',
    nextAt: clock.now(),
    tries: 0,
    done: '',
    dead: true,
  });
}
