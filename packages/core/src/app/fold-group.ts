import { HearthError, isHearthError } from '../event/error.ts';
import type { RecordWrite, StoredRecord } from '../ports/state-store.ts';
import type { Task } from './effect.ts';
import { hasReads, type Pending } from './apply.ts';
import { fold } from './fold.ts';
import type { Group } from './group.ts';
import { silentOf } from './inbox.ts';
import { readsFor } from './reads.ts';
import { fits, tooLarge, writeFitting } from './record-size.ts';
import { readRecord, writeRecord, type WorkingRecord } from './record.ts';
import { log, loggedError } from './telemetry.ts';
import { postponeNext, runDueTimers, timersAtOnce } from './timers.ts';
import type { Context, Fate, Work } from './work.ts';

/** One pass over one group: the record as it was loaded, and what became of the items. */
export interface Pass {
  readonly group: Group;
  readonly record: WorkingRecord;
  readonly fates: readonly Fate[];
  readonly applied: Pending;
  readonly write: RecordWrite | undefined;
}

/** What a pass has tried: how many timers it ran, and which items it took. */
interface Attempt {
  readonly stored: StoredRecord | undefined;
  items: Group['items'];
  ran: number;
}

/**
 * Runs a group's steps on its record, or only its due timers if the group has no items: a pass, or `smaller` when what came out
 * does not fit or cannot be saved, and fewer items or timers must go first.
 */
export function* foldGroup(
  context: Context,
  group: Group,
  stored: StoredRecord | undefined,
): Task<Pass | HearthError | 'smaller'> {
  let record: WorkingRecord;
  try {
    record = recordOf(context, group, stored);
  } catch (cause) {
    return isHearthError(cause) ? cause : failedOutside(context, group, cause);
  }
  if (group.rounds > timersAtOnce) return endless(group);
  const attempt: Attempt = { stored, items: [], ran: 0 };
  try {
    const pass = yield* foldInto(context, group, record, attempt);
    if (pass !== undefined) return pass;
    return (
      smaller(group, attempt) ??
      alone(context, group, attempt, tooLarge(context, record, recordOf(context, group, stored)))
    );
  } catch (cause) {
    if (isHearthError(cause) && cause.retryable) return cause;
    const error = isHearthError(cause) ? cause : failedOutside(context, group, cause);
    return smaller(group, attempt) ?? alone(context, group, attempt, { status: 'failed', error });
  }
}

/** Fewer of what cannot be saved together; `undefined` if it was one item or one timer alone. */
function smaller(group: Group, { items, ran }: Attempt): 'smaller' | undefined {
  if (items.length > 1) group.share = Math.ceil(items.length / 2);
  else if (ran + items.length > 1) group.timers = Math.ceil(ran / 2);
  else return undefined;
  return 'smaller';
}

/** One item or one timer is to blame for what the record would have become: it must not take the others with it. */
function alone(
  context: Context,
  group: Group,
  { stored, items, ran }: Attempt,
  fate: Fate,
): Pass | HearthError {
  const record = recordOf(context, group, stored);
  if (items.length > 0) return { group, record, fates: [fate], applied: [], write: undefined };
  const error = errorOf(fate);
  if (ran === 0 || fate.status === 'retry') return error;
  postponeNext(context, record, dueBy(context, group, record), error);
  try {
    return { group, record, fates: [], applied: [], write: writeRecord(record) };
  } catch {
    return error;
  }
}

function endless({ key }: Group): HearthError {
  const message = `"${key}" has more timers due than can be saved at once; the next sweep goes on with them.`;
  return new HearthError('record-too-large', message, { retryable: true });
}

function errorOf(fate: Fate): HearthError {
  if ('error' in fate) return fate.error;
  const message = fate.status === 'rejected' ? fate.message : undefined;
  return new HearthError('record-too-large', message ?? '');
}

/** A bug beside the steps: a tag, a view or a migration that throws, or something returned that JSON cannot hold. */
function failedOutside(context: Context, { handler }: Group, cause: unknown): HearthError {
  log(context, 'error', { handler: handler.name, ...loggedError(cause) }, 'A handler failed.');
  const message = `"${handler.name}" failed outside of its steps: in tags, reads, view or migration, or by what is no JSON.`;
  return new HearthError('step-failed', message, { retryable: true, cause });
}

function recordOf(
  context: Context,
  { handler, subject, key }: Group,
  stored: StoredRecord | undefined,
): WorkingRecord {
  const record = readRecord(handler, subject, stored);
  record.silent = silentOf(context, key);
  return record;
}

/** How many outputs of timers one save takes, where nothing that comes in waits for the rest of the timers. */
const outputsAtOnce = 100;

/** How many marks of one batch an inbox takes: of 13 bytes each. */
const mostRemembered = 4096;

/** What becomes of the record, or `undefined` if that does not fit. */
function* foldInto(
  context: Context,
  group: Group,
  record: WorkingRecord,
  attempt: Attempt,
): Task<Pass | undefined> {
  const items = group.items.slice(group.next, group.next + group.share);
  record.room = Math.min(group.items.length, mostRemembered);
  const applied: Pending = [];
  const fates: Fate[] = [];
  // Only ordered work is ever held back; what a pass holds back counts once it is saved.
  const held = context.ordered ? new Set(group.held) : undefined;
  const isTimersFirst = group.timers < timersAtOnce;
  if (items.length === 0 || isTimersFirst) {
    const due = dueBy(context, group, record);
    attempt.ran = yield* runDueTimers(context, record, due, applied, group.timers, outputsAtOnce);
    if (attempt.ran > 0) group.rounds += 1;
  }
  if (attempt.ran === 0) attempt.items = items;
  for (const { work } of attempt.items)
    fates.push(yield* foldItem(context, record, work, applied, held, attempt));
  const write = record.dirty ? writeFitting(context, record) : undefined;
  if (write !== undefined && !fits(context, write)) return undefined;
  return { group, record, fates, applied, write };
}

/** Up to which instant timers are due before what comes next. */
function dueBy({ runtime }: Context, { items, next }: Group, { at }: WorkingRecord): number {
  const work = items[next]?.work;
  return work === undefined ? runtime.clock.now() : Math.max(work.now, at);
}

const heldBack = new HearthError(
  'conflict',
  'An earlier input of the same order key must be tried again first.',
  { retryable: true },
);

const noReads: Readonly<Record<string, unknown>> = {};

function* foldItem(
  context: Context,
  record: WorkingRecord,
  work: Work,
  applied: Pending,
  held: Set<string> | undefined,
  attempt: Attempt,
): Task<Fate> {
  const { order } = work;
  if (order !== undefined && held?.has(order)) return { status: 'retry', error: heldBack };
  if (work.traceparent !== undefined) record.trace = work.traceparent;
  if (record.erased) {
    return { status: 'rejected', code: 'erased', message: `"${record.key}" has been erased.` };
  }
  if (record.timers.length > 0)
    attempt.ran += yield* runDueTimers(context, record, Math.max(work.now, record.at), applied);
  const reads = hasReads(record.handler) ? yield* readsFor(record.handler, work.event) : noReads;
  const fate: Fate = isHearthError(reads)
    ? { status: 'retry', error: reads }
    : fold(context, record, work, reads, applied);
  if (order !== undefined && (fate.status === 'retry' || fate.status === 'failed'))
    held?.add(order);
  return fate;
}
