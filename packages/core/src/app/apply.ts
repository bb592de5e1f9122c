import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Handler } from '../model/handler.ts';
import type { Applied } from '../ports/runtime.ts';
import { graceMs, type WorkingRecord } from './record.ts';
import { run, type Ran } from './run.ts';
import type { Mark } from './seen.ts';
import { recordHash } from './stamp.ts';
import type { Context, Work } from './work.ts';

const kept = { decisions: 5, emitted: 20 };

/** Steps that were applied to a record and are not saved yet. */
export type Pending = Applied[];

/** Runs a step on a record as it is; a step that fails gives its error. */
export function attempt(
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
export function take(
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
  // What JSON cannot hold throws here, before anything of the record is changed.
  const bodies = ran.emitted.map(bodyOf);
  if (changed) record.state = ran.state;
  record.counter += ran.emitted.length;
  const nextAt = context.runtime.clock.now() + graceMs;
  ran.emitted.forEach((emitted, index) => {
    const body = bodies[index] as string;
    record.outbox.push({ event: emitted, body, cause: mark.id, nextAt, tries: 0, done: '' });
  });
  if (ran.timers.length > 0 || cancelled.length > 0) {
    const replaced = new Set([...ran.cancel, ...ran.timers.map(({ key }) => key)]);
    const set = ran.timers.map((timer) => ({ ...timer, tries: 0, notBefore: 0 }));
    record.timers = [...record.timers.filter(({ key }) => !replaced.has(key)), ...set];
  }
  if (ran.because !== undefined) decide(record, ran, event, now);
  touch(record, now);
  return true;
}

/** The text that an event has from now on. */
function bodyOf(event: CloudEvent): string {
  try {
    return JSON.stringify(event);
  } catch (cause) {
    const message = `The data of the emitted "${event.type}" is nothing that JSON can hold.`;
    throw new HearthError('invalid-output', message, { field: 'data', cause });
  }
}

function decide(record: WorkingRecord, ran: Ran, event: Incoming, at: number): void {
  const first = ran.emitted.slice(0, kept.emitted);
  const emitted = first.map(({ type, subject }) => `${type} ${subject}`);
  const decision = { at, id: event.id, type: event.type, because: ran.because ?? [], emitted };
  record.decisions = [...record.decisions, decision].slice(-kept.decisions);
}

/** Notes that there is something to save. */
export function touch(record: WorkingRecord, now: number): void {
  record.at = now;
  record.dirty = true;
}

/** Whether a handler's steps read anything besides their own record. */
export function hasReads({ readsOf }: Handler): boolean {
  return Object.keys(readsOf).length > 0;
}

/** What an observer is shown of a step. */
export function appliedOf(
  { handler, subject }: WorkingRecord,
  { event, now, principal }: Pick<Work, 'event' | 'now' | 'principal'>,
  { emitted, because, reject, reply, replyTo }: Ran,
  reads: unknown,
): Applied {
  return {
    handler: handler.name,
    subject,
    event,
    now,
    principal,
    emitted,
    ...(hasReads(handler) ? { reads } : {}),
    ...(because === undefined ? {} : { because }),
    ...(reject === undefined ? {} : { rejected: reject.code }),
    ...(reply === undefined ? {} : { reply }),
    ...(replyTo === undefined ? {} : { replyTo }),
  };
}
