import { HearthError, isHearthError } from '../event/error.ts';
import { byteLength } from '../ports/fit.ts';
import type { RecordWrite, StoredRecord } from '../ports/state-store.ts';
import type { Task } from './effect.ts';
import { hasReads, type Pending } from './apply.ts';
import { fold } from './fold.ts';
import type { Group } from './group.ts';
import { silentOf } from './inbox.ts';
import { readsFor } from './reads.ts';
import { readRecord, writeRecord, type WorkingRecord } from './record.ts';
import { log, loggedError } from './telemetry.ts';
import { runDueTimers } from './timers.ts';
import type { Context, Fate, Work } from './work.ts';

/** One pass over one group: the record as it was loaded, and what became of the items. */
export interface Pass {
  readonly group: Group;
  readonly record: WorkingRecord;
  readonly fates: readonly Fate[];
  readonly applied: Pending;
  readonly write: RecordWrite | undefined;
}

/**
 * Runs a group's steps on its record, or only its due timers if the group has no items: a pass, or `smaller` when what came out
 * does not fit and fewer items must go first.
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
  try {
    return yield* foldInto(context, group, record, stored);
  } catch (cause) {
    if (isHearthError(cause) && cause.retryable) return cause;
    // One item is to blame for what the record would have become: it must not take the others with it.
    const count = Math.min(group.items.length - group.next, group.share);
    if (count > 1) return smaller(group, count);
    const error = isHearthError(cause) ? cause : failedOutside(context, group, cause);
    return count === 0 ? error : untouched(context, group, stored, { status: 'failed', error });
  }
}

/** A bug beside the steps: a tag, a view or a migration that throws, or something returned that JSON cannot hold. */
function failedOutside(context: Context, { handler }: Group, cause: unknown): HearthError {
  log(context, 'error', { handler: handler.name, ...loggedError(cause) }, 'A handler failed.');
  const message = `"${handler.name}" failed outside of its steps: in tags, reads, view or migration, or by what is no JSON.`;
  return new HearthError('step-failed', message, { retryable: true, cause });
}

function smaller(group: Group, count: number): 'smaller' {
  group.share = Math.ceil(count / 2);
  return 'smaller';
}

function recordOf(
  context: Context,
  { handler, subject, key }: Group,
  stored: StoredRecord | undefined,
): WorkingRecord {
  return { ...readRecord(handler, subject, stored), silent: silentOf(context, key) };
}

/** A pass that leaves the record as it was. */
function untouched(
  context: Context,
  group: Group,
  stored: StoredRecord | undefined,
  fate: Fate,
): Pass {
  const record = recordOf(context, group, stored);
  return { group, record, fates: [fate], applied: [], write: undefined };
}

/** How many marks of one batch an inbox takes: of 13 bytes each. */
const mostRemembered = 4096;

function* foldInto(
  context: Context,
  group: Group,
  record: WorkingRecord,
  stored: StoredRecord | undefined,
): Task<Pass | 'smaller'> {
  const items = group.items.slice(group.next, group.next + group.share);
  record.room = Math.min(group.items.length, mostRemembered);
  const applied: Pending = [];
  const fates: Fate[] = [];
  // Only ordered work is ever held back; what a pass holds back counts once it is saved.
  const held = context.ordered ? new Set(group.held) : undefined;
  if (items.length === 0)
    yield* runDueTimers(context, record, context.runtime.clock.now(), applied);
  for (const { work } of items) fates.push(yield* foldItem(context, record, work, applied, held));
  const write = record.dirty ? writeRecord(record) : undefined;
  if (write === undefined || fits(context, write)) return { group, record, fates, applied, write };
  return items.length > 1
    ? smaller(group, items.length)
    : untouched(context, group, stored, tooLarge(context, group, record));
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
): Task<Fate> {
  const { order } = work;
  if (order !== undefined && held?.has(order)) return { status: 'retry', error: heldBack };
  if (work.traceparent !== undefined) record.trace = work.traceparent;
  if (record.erased) {
    return { status: 'rejected', code: 'erased', message: `"${record.key}" has been erased.` };
  }
  if (record.timers.length > 0)
    yield* runDueTimers(context, record, Math.max(work.now, record.at), applied);
  const reads = hasReads(record.handler) ? yield* readsFor(record.handler, work.event) : noReads;
  const fate: Fate = isHearthError(reads)
    ? { status: 'retry', error: reads }
    : fold(context, record, work, reads, applied);
  if (order !== undefined && (fate.status === 'retry' || fate.status === 'failed'))
    held?.add(order);
  return fate;
}

function fits({ runtime }: Context, { body }: RecordWrite): boolean {
  const { maxRecordBytes } = runtime.store.capabilities;
  return body.length * 3 <= maxRecordBytes || byteLength(body) <= maxRecordBytes;
}

/** One input that does not fit: rejected if its state never will, tried again if the outbox only has to be delivered first. */
function tooLarge(context: Context, { key }: Group, record: WorkingRecord): Fate {
  const bare = writeRecord({ ...record, outbox: [] });
  const code = 'record-too-large';
  const message = `"${key}" would be larger than the ${context.runtime.store.capabilities.maxRecordBytes} bytes its store allows.`;
  return fits(context, bare)
    ? { status: 'retry', error: new HearthError(code, message, { retryable: true }) }
    : { status: 'rejected', code, message };
}
