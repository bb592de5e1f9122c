import { load, query, save, type Task } from '../app/effect.ts';
import { keyOf, readRecord, writeRecord, type WorkingRecord } from '../app/record.ts';
import { tombstoneOf } from '../app/read.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import { leftTag } from '../model/rule-watch.ts';
import { names } from '../ports/dead-letter-store.ts';
import type { StoredRecord } from '../ports/state-store.ts';

/** Records named by who keeps them and what they are about. */
export interface Named {
  readonly handler: Handler;
  readonly subject: string;
}

const limits = { keys: 100, tries: 12 };

/** All records that there could be of some subjects. */
export function named(handlers: readonly Handler[], subjects: Iterable<string>): readonly Named[] {
  return [...subjects].flatMap((subject) => handlers.map((handler) => ({ handler, subject })));
}

/** Loads records, so many at a time that no store refuses, with what the store holds of each. */
export function* loaded(
  all: readonly Named[],
  each: (one: Named, stored: StoredRecord | undefined) => void,
): Task<void> {
  for (let at = 0; at < all.length; at += limits.keys) {
    const page = all.slice(at, at + limits.keys);
    const stored = yield* load(page.map(({ handler, subject }) => keyOf(handler, subject)));
    if (isHearthError(stored)) throw stored;
    page.forEach((one, index) => each(one, stored[index]));
  }
}

/**
 * Where copies of a subject may lie: at the home in which it lives, where it has outputs or timers waiting to go, and where it was
 * and has left.
 */
export function* placesOf(handlers: readonly Handler[], subject: string): Task<readonly string[]> {
  const places = new Set<string>();
  yield* loaded(named(handlers, [subject]), ({ handler }, stored) => {
    if (stored === undefined) return;
    const record = readOrFresh(handler, subject, stored);
    if (record.erased) return;
    const { home } = homeIn(record.state);
    if (typeof home === 'string') places.add(home);
    for (const { event } of [...record.outbox, ...record.timers])
      if (event.partitionkey !== undefined) places.add(event.partitionkey);
  });
  for (const { key, forget } of handlers) {
    if (forget === undefined) continue;
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
      isFirst = false;
      const more = cursor === undefined ? {} : { cursor };
      const tag = leftTag(subject);
      const page = yield* query({ handler: key, tag, value: 'left', limit: limits.keys, ...more });
      if (isHearthError(page)) throw page;
      for (const found of page.keys) places.add(found.slice(key.length + 1));
      ({ cursor } = page);
    }
  }
  places.delete(subject);
  return [...places];
}

const homeIn = (state: unknown): { readonly home?: unknown } => Object(state) as object;

/** Changes records until each is as it should be, whoever else changes them meanwhile; gives the number of those that were changed. */
export function* rewriteAll(
  all: readonly Named[],
  change: (record: WorkingRecord) => WorkingRecord | undefined,
): Task<number> {
  let count = 0;
  for (let at = 0; at < all.length; at += limits.keys) {
    let open: readonly Named[] = all.slice(at, at + limits.keys);
    for (let round = 0; open.length > 0; round += 1) {
      if (round === limits.tries) throw busy();
      const before = open.length;
      open = yield* rewriteOnce(open, change);
      count += before - open.length;
    }
  }
  return count;
}

/** Gives those that have to be tried again. What needs no change does not count. */
function* rewriteOnce(
  all: readonly Named[],
  change: (record: WorkingRecord) => WorkingRecord | undefined,
): Task<readonly Named[]> {
  const changed: { readonly one: Named; readonly record: WorkingRecord }[] = [];
  yield* loaded(all, (one, stored) => {
    const record = change(readOrFresh(one.handler, one.subject, stored));
    if (record !== undefined) changed.push({ one, record: { ...record, head: undefined } });
  });
  if (changed.length === 0) return [];
  const results = yield* save(
    changed.map(({ record }) => writeRecord(record)),
    'erase',
  );
  const again: Named[] = [];
  changed.forEach(({ one }, index) => {
    const result = results[index];
    if (result?.outcome === 'failed') throw result.error;
    if (result?.outcome !== 'saved') again.push(one);
  });
  return again;
}

const busy = (): HearthError =>
  new HearthError('conflict', `A record changed ${limits.tries} times while it was erased.`, {
    retryable: true,
  });

/** A record that cannot be read must be erased all the same; only what newer code wrote is for newer code to erase. */
function readOrFresh(
  handler: Handler,
  subject: string,
  stored: StoredRecord | undefined,
): WorkingRecord {
  try {
    return readRecord(handler, subject, stored);
  } catch (error) {
    if (isHearthError(error) && error.code === 'record-newer') throw error;
    return { ...readRecord(handler, subject, undefined), version: stored?.version ?? null };
  }
}

/** Makes tombstones of all records that there are, or could be, of some subjects. */
export function eraseRecords(
  handlers: readonly Handler[],
  subjects: Iterable<string>,
): Task<number> {
  return rewriteAll(named(handlers, subjects), (record) =>
    record.erased ? undefined : tombstoneOf(record),
  );
}

/** Takes everything about some subjects out of the records of others. */
export function forgetAt(
  handlers: readonly Handler[],
  places: Iterable<string>,
  gone: ReadonlySet<string>,
): Task<number> {
  return rewriteAll(named(handlers, places), (record) =>
    record.version === null || record.erased ? undefined : without(record, gone),
  );
}

function without(record: WorkingRecord, gone: ReadonlySet<string>): WorkingRecord | undefined {
  const { handler } = record;
  // What is yet to be sent, or happen, may name somebody in its data.
  const isKept = ({ event }: { readonly event: object }) => {
    const text = JSON.stringify(event);
    return ![...gone].some((subject) => names(text, subject));
  };
  const outbox = record.outbox.filter(isKept);
  const timers = record.timers.filter(isKept);
  const decisions = record.decisions.filter(({ emitted }) =>
    emitted.every((one) => !gone.has(one.slice(one.indexOf(' ') + 1))),
  );
  let { state } = record;
  for (const subject of gone)
    state = handler.forget === undefined ? state : handler.forget(state as never, subject);
  const isSame =
    outbox.length === record.outbox.length &&
    timers.length === record.timers.length &&
    decisions.length === record.decisions.length &&
    JSON.stringify(state) === JSON.stringify(record.state);
  if (isSame) return undefined;
  // Nobody knows what an answer says; that it was no, its double must still be told.
  const answers = record.answers.flatMap(({ to, reject }) =>
    reject === undefined ? [] : [{ to, reject: { code: reject.code } }],
  );
  return { ...record, state, outbox, timers, decisions, answers };
}
