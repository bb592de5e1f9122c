import { HearthError, isHearthError } from '../event/error.ts';
import type { SaveResult } from '../ports/state-store.ts';
import { answerAsked } from './asked.ts';
import { deliver } from './deliver.ts';
import { load, save, sleep, wake, type Task } from './effect.ts';
import type { Pending } from './apply.ts';
import { foldGroup, type Pass } from './fold-group.ts';
import {
  giveUp,
  groupsOf,
  groupsToAttend,
  speakingAlso,
  type Group,
  type Settle,
} from './group.ts';
import { keepSilent } from './inbox.ts';
import { backoff } from './outbox.ts';
import { dueOf, type WorkingRecord } from './record.ts';
import { lookUpGrants } from './speaks.ts';
import { log, loggedError } from './telemetry.ts';
import { count, worse, type Context, type Fate, type Work } from './work.ts';

/** How many records are worked on at once, and how often a conflict is fought out before the host has to try again. */
const limits = { groups: 100, conflicts: 12 };
const marginMs = 250;

/**
 * Runs work to its end: groups it by the record it writes, then for each record one load, the steps, one save; then delivers what was
 * saved. One fate for each piece of work, the worst of its handlers'.
 */
export function* carryOut(context: Context, works: readonly Work[]): Task<readonly Fate[]> {
  const fates: (Fate | undefined)[] = works.map(() => undefined);
  const settle = (at: number, fate: Fate) => {
    fates[at] = worse(fates[at], fate);
  };
  if (context.app.grants.length > 0) yield* lookUpGrants(context, speakingAlso(context, works));
  const pending = yield* runGroups(context, groupsOf(context, works, settle), settle);
  holdUndelivered(context, pending, settle);
  // What no handler wants is done.
  return fates.map((fate) => fate ?? { status: 'done' });
}

/**
 * Runs the due timers of records and delivers their outboxes: what a sweep does. Gives how many are left with outputs, or could not be
 * attended to.
 */
export function* attend(context: Context, keys: readonly string[]): Task<number> {
  const groups = groupsToAttend(context, keys);
  const pending = yield* runGroups(context, groups, () => undefined);
  return groups.filter((group) => group.gaveUp || pending.has(group)).length;
}

/** Runs groups, a bounded number at once, until none has to go on. Gives the records that still have outputs. */
function* runGroups(
  context: Context,
  groups: readonly Group[],
  settle: Settle,
): Task<ReadonlyMap<Group, WorkingRecord>> {
  const pending = new Map<Group, WorkingRecord>();
  let again: readonly Group[] = [];
  for (let at = 0; again.length > 0 || at < groups.length;) {
    const fresh = groups.slice(at, at + limits.groups - again.length);
    at += fresh.length;
    again = yield* pass(context, [...again, ...fresh], settle, pending);
  }
  return pending;
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
  // Only what is saved may be delivered: a pass that was given up has outputs that nobody will ever emit.
  const saved: Pass[] = [];
  let at = 0;
  for (const one of passes) {
    const result = one.write === undefined ? undefined : results[at++];
    if (!settlePass(context, one, result, settle)) again.push(one.group);
    else if (result === undefined || result.outcome === 'saved') {
      saved.push(one);
      if (one.group.next < one.group.items.length) again.push(one.group);
    }
  }
  yield* deliverAll(context, saved, pending);
  const fought = Math.max(0, ...again.map(({ tries }) => tries));
  if (fought > 0) yield* sleep(backoff(context, Math.min(fought, 8)) / 50);
  return again;
}

function* deliverAll(
  context: Context,
  passes: readonly Pass[],
  pending: Map<Group, WorkingRecord>,
): Task<void> {
  const full = passes.map(({ record }) => record).filter(({ outbox }) => outbox.length > 0);
  const left = new Set(yield* deliver(context, full));
  for (const { group, record } of passes) {
    if (left.has(record)) pending.set(group, record);
    else pending.delete(group);
  }
  if (context.runtime.wake !== undefined) yield* wakeFor(context, passes);
}

/** Asks for wake-ups and waits until the host has been asked: a function may be frozen as soon as it has answered. */
function* wakeFor(context: Context, passes: readonly Pass[]): Task<void> {
  const instants = new Set(passes.flatMap(({ record }) => dueOf(record) ?? []));
  if (instants.size === 0) return;
  const error = yield* wake([...instants]);
  if (error === undefined) return;
  const message = 'A wake-up could not be asked for; a sweep will do.';
  log(context, 'warn', loggedError(error), message);
}

/** Near the deadline nothing new is begun. */
export function nearDeadline({ runtime }: Context): HearthError | undefined {
  const { deadline, clock } = runtime;
  if (deadline === undefined || clock.now() + marginMs < deadline) return undefined;
  return new HearthError('deadline', 'The deadline is too near to begin.', { retryable: true });
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
  keepSilent(context, record);
  const items = group.items.slice(group.next, group.next + fates.length);
  fates.forEach((fate, index) => settle(items[index]?.at ?? -1, fate));
  if (context.ordered) hold(group, items, fates);
  group.next += fates.length;
  group.tries = 0;
  observe(context, applied);
  return true;
}

/** What follows an item that must come again, in its order key, must come again too. */
function hold(group: Group, items: Group['items'], fates: readonly Fate[]): void {
  const again = items.flatMap(({ work: { order } }, index) => {
    const status = fates[index]?.status;
    return order !== undefined && (status === 'retry' || status === 'failed') ? [order] : [];
  });
  if (again.length > 0) group.held = new Set([...group.held, ...again]);
}

function settleUnsaved(
  context: Context,
  group: Group,
  result: SaveResult,
  settle: Settle,
): boolean {
  group.tries += triesOf(result);
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

/** Nobody waits twelve times for a store that never answers: it is asked what it has, tried once more, and then given up. */
function triesOf(result: SaveResult): number {
  return result.outcome === 'unknown' && result.error.code === 'timeout' ? limits.conflicts / 2 : 1;
}

/** Shows what was applied and saved to whoever watches or waits. */
function observe(context: Context, applied: Pending): void {
  for (const one of applied) {
    answerAsked(context.runtime, one);
    try {
      context.runtime.observe?.(one);
    } catch (error) {
      log(context, 'warn', loggedError(error), 'An observer threw.');
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
