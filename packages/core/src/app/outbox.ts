import type { CloudEvent } from '../event/cloud-event.ts';
import { isHearthError, type HearthError } from '../event/error.ts';
import { deadLetterOf, type DeadReason } from './dead-letter.ts';
import { load, save, type Task } from './effect.ts';
import { readRecord, writeRecord, type OutboxEntry, type WorkingRecord } from './record.ts';
import { count, type Context } from './work.ts';

/** How often an output is tried, and how long it waits in between at most. */
const limits = { tries: 50, waitMs: 300_000, clearings: 3 };

/** One output of one record on its way: the entry, its event, and what became of it in this pass. */
export interface Delivery {
  readonly record: WorkingRecord;
  readonly entry: OutboxEntry;
  readonly event: CloudEvent;
  published: boolean;
  cascaded: boolean;
  /** Why it could not be delivered now. */
  error?: HearthError;
  /** Why it never will be. */
  dead?: DeadReason;
}

/** The outputs of a record that are due for delivery, from the front. */
export function deliveriesOf(context: Context, record: WorkingRecord): readonly Delivery[] {
  const front = record.outbox[0];
  const now = context.runtime.clock.now();
  // With a sweep to come back, a destination that has just failed is left alone until its time.
  if (
    front !== undefined &&
    front.tries > 0 &&
    front.nextAt > now &&
    context.runtime.sweep === true
  )
    return [];
  return waiting(context, record).map((entry) => ({
    record,
    entry,
    event: entry.event,
    published: entry.done === 'p',
    cascaded: entry.done === 'c',
  }));
}

/**
 * The outputs of a record that can be delivered here. What somebody up the call is delivering already must arrive first, so what
 * follows it is left to them.
 */
export function waiting(
  { inFlight, leftBehind }: Context,
  { outbox }: WorkingRecord,
): readonly OutboxEntry[] {
  if (inFlight.size === 0) return outbox;
  const held = outbox.findIndex(({ event }) => inFlight.has(event.id));
  if (held < 0) return outbox;
  for (const { event } of outbox.slice(held)) if (!inFlight.has(event.id)) leftBehind.add(event.id);
  return outbox.slice(0, held);
}

/** Takes what was delivered out of the records and notes the failures of the rest; best effort, a later delivery finds what is left. */
export function* clear(context: Context, deliveries: readonly Delivery[]): Task<void> {
  const byRecord = new Map<WorkingRecord, Delivery[]>();
  for (const delivery of deliveries) {
    const listed = byRecord.get(delivery.record);
    if (listed === undefined) byRecord.set(delivery.record, [delivery]);
    else listed.push(delivery);
  }
  for (const [record, settled] of byRecord) settle(context, record, settled);
  let open = [...byRecord].filter(([record]) => record.dirty);
  for (let round = 0; round < limits.clearings && open.length > 0; round += 1) {
    if (round > 0) open = yield* reloaded(context, open);
    const results = yield* save(open.map(([record]) => writeRecord(record)));
    open = open.filter(([record], index) => {
      const result = results[index];
      if (result?.outcome !== 'saved') return result?.outcome === 'conflict';
      record.version = result.version;
      record.dirty = false;
      return false;
    });
  }
}

/** Somebody else saved the record meanwhile: what was settled is settled again on what they saved. */
function* reloaded(
  context: Context,
  open: readonly (readonly [WorkingRecord, Delivery[]])[],
): Task<[WorkingRecord, Delivery[]][]> {
  const stored = yield* load(open.map(([record]) => record.key));
  if (isHearthError(stored)) return [];
  return open.flatMap(([record, settled], index): [WorkingRecord, Delivery[]][] => {
    try {
      Object.assign(record, readRecord(record.handler, record.subject, stored[index]));
    } catch {
      // Newer code owns the record now, and with it the outbox.
      return [];
    }
    settle(context, record, settled);
    return record.dirty ? [[record, settled]] : [];
  });
}

function settle(context: Context, record: WorkingRecord, deliveries: readonly Delivery[]): void {
  const byId = new Map(deliveries.map((delivery) => [delivery.event.id, delivery]));
  const outbox: OutboxEntry[] = [];
  for (const entry of record.outbox) {
    const delivery = byId.get(entry.event.id);
    if (delivery === undefined) outbox.push(entry);
    else outbox.push(...remains(context, entry, delivery));
  }
  record.dirty ||=
    outbox.length !== record.outbox.length ||
    outbox.some((entry, at) => entry !== record.outbox[at]);
  record.outbox = outbox;
}

/** What is left of an entry: nothing, the entry with one more try, or a dead letter in its place. */
function remains(context: Context, entry: OutboxEntry, delivery: Delivery): readonly OutboxEntry[] {
  const { published, cascaded, error, dead } = delivery;
  if (dead !== undefined) return [deadEntry(context, delivery, dead)];
  if (published && cascaded) return [];
  const done = published ? 'p' : cascaded ? 'c' : entry.done;
  if (error === undefined) return done === entry.done ? [entry] : [{ ...entry, done }];
  const tries = entry.tries + 1;
  if (entry.dead !== true && (tries >= limits.tries || !error.retryable)) {
    count(context, 'dispatch_fail');
    return [deadEntry(context, delivery, { code: error.code, message: error.message })];
  }
  return [{ ...entry, done, tries, nextAt: context.runtime.clock.now() + backoff(context, tries) }];
}

/** Doubles from one second, with jitter, so that many records do not come back at once. */
export function backoff({ runtime }: Context, tries: number): number {
  const wait = Math.min(limits.waitMs, 500 * 2 ** tries);
  return Math.round(wait * (0.75 + (runtime.random?.() ?? 0.5) / 2));
}

function deadEntry(context: Context, { event, entry }: Delivery, reason: DeadReason): OutboxEntry {
  const now = context.runtime.clock.now();
  const letter = deadLetterOf(context.app, event, reason, now);
  return {
    event: letter,
    body: JSON.stringify(letter),
    cause: entry.cause,
    nextAt: now,
    tries: 0,
    done: 'c',
    dead: true,
  };
}
