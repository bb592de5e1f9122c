import { HearthError, isHearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import { byteLength } from '../ports/fit.ts';
import type { RecordWrite, SaveResult } from '../ports/state-store.ts';
import { deliver } from './deliver.ts';
import { load, save, sleep, type Task } from './effect.ts';
import { answerAsked } from './asked.ts';
import { fold, runDueTimers, type Pending } from './fold.ts';
import { backoff } from './outbox.ts';
import { readsFor } from './reads.ts';
import { dueOf, keyOf, readRecord, writeRecord, type WorkingRecord } from './record.ts';
import { log } from './telemetry.ts';
import { count, worst, type Context, type Fate, type Work } from './work.ts';

/** How many records are worked on at once, and how often a conflict is fought out before the host has to try again. */
const limits = { groups: 100, conflicts: 12 };
const marginMs = 250;

/** All the work for one record, in order. */
interface Group {
  readonly handler: Handler;
  readonly subject: string;
  readonly key: string;
  readonly items: readonly { readonly work: Work; readonly at: number }[];
  /** How many items one save takes; fewer when they did not fit. */
  share: number;
  next: number;
  tries: number;
  /** Order keys of which an item must be tried again: the rest of them waits. */
  readonly held: Set<string>;
}

/** One pass over one group: the record as it was loaded, and what became of the items. */
interface Pass {
  readonly group: Group;
  readonly record: WorkingRecord;
  readonly fates: readonly Fate[];
  readonly applied: Pending;
  readonly write: RecordWrite | undefined;
}

/**
 * Runs work to its end: groups it by the record it writes, then for each record one load, the steps, one save; then delivers what was
 * saved. One fate for each piece of work, the worst of its handlers'.
 */
export function* carryOut(context: Context, works: readonly Work[]): Task<readonly Fate[]> {
  const fates: Fate[][] = works.map(() => []);
  const settle = (at: number, fate: Fate) => fates[at]?.push(fate);
  let open = groupsOf(context, works, settle);
  const pending = new Map<Group, WorkingRecord>();
  while (open.length > 0) {
    const batch = open.slice(0, limits.groups);
    const again = yield* pass(context, batch, settle, pending);
    open = [...again, ...open.slice(limits.groups)];
  }
  holdUndelivered(context, pending, settle);
  return fates.map((all) => worst(all));
}

type Settle = (at: number, fate: Fate) => void;

function groupsOf({ app, runtime }: Context, works: readonly Work[], settle: Settle): Group[] {
  const groups = new Map<string, Group & { items: { work: Work; at: number }[] }>();
  works.forEach((work, at) => {
    for (const { handler, subscription } of app.routes.get(work.event.type) ?? []) {
      if (work.cascade === true && subscription.incoming === true) continue;
      const subject = subscription.subjectOf(work.event);
      if (subject === undefined) continue;
      const { from } = subscription;
      if (from !== undefined && !from.includes(work.principal.kind)) {
        settle(at, {
          status: 'rejected',
          code: 'not-permitted',
          message: `A ${work.principal.kind} may not say "${work.event.type}".`,
        });
        continue;
      }
      const key = keyOf(handler, subject);
      if (
        key.length * 3 > runtime.store.capabilities.maxKeyBytes &&
        byteLength(key) > runtime.store.capabilities.maxKeyBytes
      ) {
        settle(at, {
          status: 'rejected',
          code: 'limit-exceeded',
          message: 'The subject is longer than the store allows for a key.',
        });
        continue;
      }
      const group = groups.get(key);
      if (group === undefined)
        groups.set(key, {
          handler,
          subject,
          key,
          items: [{ work, at }],
          share: Infinity,
          next: 0,
          tries: 0,
          held: new Set(),
        });
      else group.items.push({ work, at });
    }
  });
  return [...groups.values()];
}

/** One round over some groups: gives those that have to go on. */
function* pass(
  context: Context,
  batch: readonly Group[],
  settle: Settle,
  pending: Map<Group, WorkingRecord>,
): Task<Group[]> {
  const late = nearDeadline(context);
  const stored = late ?? (yield* load(batch.map(({ key }) => key)));
  if (isHearthError(stored)) {
    for (const group of batch) giveUp(group, stored, settle);
    return [];
  }
  const passes: Pass[] = [];
  const again: Group[] = [];
  for (const [index, group] of batch.entries()) {
    const folded = yield* foldGroup(context, group, stored[index]);
    if (isHearthError(folded)) giveUp(group, folded, settle);
    else if (folded === 'smaller') again.push(group);
    else passes.push(folded);
  }
  const writes = passes.flatMap(({ write }) => (write === undefined ? [] : [write]));
  const results = writes.length === 0 ? [] : yield* save(writes);
  const saved: WorkingRecord[] = [];
  let at = 0;
  for (const one of passes) {
    const result = one.write === undefined ? undefined : results[at++];
    if (!settlePass(context, one, result, settle)) again.push(one.group);
    else {
      if (one.record.outbox.length > 0) saved.push(one.record);
      if (one.group.next < one.group.items.length) again.push(one.group);
    }
  }
  yield* deliverAll(context, passes, saved, pending);
  const fought = Math.max(0, ...again.map(({ tries }) => tries));
  if (fought > 0) yield* sleep(backoff(context, Math.min(fought, 8)) / 50);
  return again;
}

function* deliverAll(
  context: Context,
  passes: readonly Pass[],
  saved: readonly WorkingRecord[],
  pending: Map<Group, WorkingRecord>,
): Task<void> {
  const { wake } = context.runtime;
  const left = new Set(yield* deliver(context, saved));
  for (const { group, record } of passes) if (left.has(record)) pending.set(group, record);
  if (wake === undefined) return;
  for (const { record } of passes) {
    const at = dueOf(record);
    if (at !== null) wake(at);
  }
}

/** Near the deadline nothing new is begun. */
function nearDeadline({ runtime }: Context): HearthError | undefined {
  const { deadline, clock } = runtime;
  if (deadline === undefined || clock.now() + marginMs < deadline) return undefined;
  return new HearthError('deadline', 'The deadline is too near to begin.', { retryable: true });
}

function giveUp(group: Group, error: HearthError, settle: Settle): void {
  for (const { at } of group.items.slice(group.next)) settle(at, { status: 'retry', error });
  group.next = group.items.length;
}

function* foldGroup(
  context: Context,
  group: Group,
  stored: Parameters<typeof readRecord>[2],
): Task<Pass | HearthError | 'smaller'> {
  let record: WorkingRecord;
  try {
    record = readRecord(group.handler, group.subject, stored);
  } catch (cause) {
    return isHearthError(cause)
      ? cause
      : new HearthError('invalid-state', `"${group.key}" could not be read.`, {
          retryable: true,
          cause,
        });
  }
  const items = group.items.slice(group.next, group.next + group.share);
  const applied: Pending = [];
  const fates: Fate[] = [];
  const held = new Set(group.held);
  for (const { work } of items) fates.push(yield* foldItem(context, record, work, applied, held));
  const write = record.dirty ? writeRecord(record) : undefined;
  if (write === undefined || fits(context, write)) {
    for (const key of held) group.held.add(key);
    return { group, record, fates, applied, write };
  }
  if (items.length > 1) {
    group.share = Math.ceil(items.length / 2);
    return 'smaller';
  }
  return tooLarge(context, group, record, stored?.body);
}

const heldBack = new HearthError(
  'conflict',
  'An earlier input of the same order key must be tried again first.',
  { retryable: true },
);

function* foldItem(
  context: Context,
  record: WorkingRecord,
  work: Work,
  applied: Pending,
  held: Set<string>,
): Task<Fate> {
  const order = context.ordered ? work.order : undefined;
  if (order !== undefined && held.has(order)) return { status: 'retry', error: heldBack };
  if (work.traceparent !== undefined) record.trace = work.traceparent;
  const reads = yield* readsFor(record.handler, work.event);
  const fate: Fate = isHearthError(reads)
    ? { status: 'retry', error: reads }
    : fold(context, record, work, reads, applied);
  if (order !== undefined && (fate.status === 'retry' || fate.status === 'failed')) held.add(order);
  return fate;
}

function fits({ runtime }: Context, { body }: RecordWrite): boolean {
  const { maxRecordBytes } = runtime.store.capabilities;
  return body.length * 3 <= maxRecordBytes || byteLength(body) <= maxRecordBytes;
}

/** One input that does not fit: rejected if its state never will, tried again if the outbox only has to be delivered first. */
function tooLarge(
  context: Context,
  group: Group,
  record: WorkingRecord,
  before: string | undefined,
): Pass {
  const bare = writeRecord({ ...record, outbox: [] });
  const code = 'record-too-large';
  const message = `"${group.key}" would be larger than the ${context.runtime.store.capabilities.maxRecordBytes} bytes its store allows.`;
  const fate: Fate = fits(context, bare)
    ? { status: 'retry', error: new HearthError(code, message, { retryable: true }) }
    : { status: 'rejected', code, message };
  const stored =
    before === undefined
      ? undefined
      : { key: group.key, version: record.version ?? '', body: before };
  const unchanged = readRecord(group.handler, group.subject, stored);
  return { group, record: unchanged, fates: [fate], applied: [], write: undefined };
}

/** Takes the result of a save; `false` if the group has to be done again on what somebody else saved. */
function settlePass(
  context: Context,
  { group, record, fates, applied }: Pass,
  result: SaveResult | undefined,
  settle: Settle,
): boolean {
  if (result !== undefined && result.outcome !== 'saved')
    return settleUnsaved(context, group, result, settle);
  if (result !== undefined) {
    record.version = result.version;
    record.dirty = false;
  }
  fates.forEach((fate, index) => settle(group.items[group.next + index]?.at ?? -1, fate));
  group.next += fates.length;
  group.tries = 0;
  observe(context, applied);
  return true;
}

function settleUnsaved(
  context: Context,
  group: Group,
  result: SaveResult,
  settle: Settle,
): boolean {
  group.tries += 1;
  count(context, 'conflict');
  const error =
    result.outcome === 'failed' || result.outcome === 'unknown'
      ? result.error
      : new HearthError(
          'conflict',
          `"${group.key}" changed ${group.tries} times while it was handled.`,
          { retryable: true },
        );
  // After an unknown outcome the record is loaded again: if the write did happen, the inbox says so.
  if (result.outcome === 'failed' || group.tries >= limits.conflicts) {
    giveUp(group, error, settle);
    return true;
  }
  return false;
}

function observe(context: Context, applied: Pending): void {
  for (const one of applied) {
    answerAsked(context.runtime, one);
    try {
      context.runtime.observe?.(one);
    } catch (error) {
      log(context, 'warn', { err: error }, 'An observer threw.');
    }
  }
}

/** Without a sweep, an input is done only when what it caused has been delivered. */
function holdUndelivered(
  { runtime }: Context,
  pending: ReadonlyMap<Group, WorkingRecord>,
  settle: Settle,
): void {
  if (runtime.sweep === true) return;
  for (const [{ key, items }, { outbox }] of pending) {
    const error = new HearthError(
      'publisher-unavailable',
      `"${key}" has ${outbox.length} outputs that could not be delivered yet.`,
      { retryable: true },
    );
    for (const { at } of items) settle(at, { status: 'retry', error });
  }
}

/** Runs the due timers of a record and delivers its outbox: what a sweep does. `true` if nothing is left to do now. */
export function* attend(context: Context, handler: Handler, subject: string): Task<boolean> {
  const now = context.runtime.clock.now();
  for (let tries = 1; tries <= limits.conflicts; tries += 1) {
    const stored = yield* load([keyOf(handler, subject)]);
    if (isHearthError(stored) || stored[0] === undefined) return false;
    const record = readRecord(handler, subject, stored[0]);
    const applied: Pending = [];
    runDueTimers(context, record, now, applied);
    const [result] = record.dirty ? yield* save([writeRecord(record)]) : [];
    if (result === undefined || result.outcome === 'saved') {
      if (result !== undefined) record.version = result.version;
      record.dirty = false;
      observe(context, applied);
      return (yield* deliver(context, [record])).length === 0;
    }
    yield* sleep(backoff(context, Math.min(tries, 8)) / 50);
  }
  return false;
}
