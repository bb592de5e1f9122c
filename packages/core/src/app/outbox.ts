import type { CloudEvent } from '../event/cloud-event.ts';
import { isHearthError, type HearthError } from '../event/error.ts';
import { deadLetterOf, withoutData, type DeadReason } from './dead-letter.ts';
import { load, save, type Task } from './effect.ts';
import { graceMs, readRecord, writeRecord } from './record.ts';
import type { OutboxEntry, WorkingRecord } from './record.ts';
import { count, type Context } from './work.ts';

/** How often and how long an output is tried at least, and how long it waits in between at most. */
const limits = { tries: 50, ageMs: 86_400_000, waitMs: 300_000, clearings: 3 };

/** One output of one record on its way: the entry, its event, and what became of it in this pass. */
export interface Delivery {
  readonly record: WorkingRecord;
  readonly entry: OutboxEntry;
  readonly event: CloudEvent;
  /** Whether its turn has come to be published or performed, and to be saved by subscribers. */
  readonly isSent: boolean;
  readonly isShown: boolean;
  published: boolean;
  cascaded: boolean;
  /** What a call has given: the output that takes its place. */
  result?: CloudEvent;
  /** What takes the result's place if the record has no room for it. */
  orElse?: CloudEvent;
  /** Why it could not be delivered now. */
  error?: HearthError;
  /** Why it never will be. */
  dead?: DeadReason;
}

/**
 * The outputs of a record that are due for delivery, from the front.
 *
 * With a sweep to come back, what has just failed is left alone until its time. What follows it waits where it would overtake: a
 * publisher that is down does not keep the app's own handlers waiting, nor a call the publisher.
 */
export function deliveriesOf(context: Context, record: WorkingRecord): readonly Delivery[] {
  const isPatient = context.runtime.sweep === true;
  let resting: Set<string> | undefined;
  const deliveries: Delivery[] = [];
  for (const entry of waiting(context, record)) {
    const { event, done } = entry;
    const way = wayOf(context, entry);
    if (isPatient && isEarly(context, entry)) {
      resting ??= new Set();
      if (done !== 'p') resting.add(way);
      if (done !== 'c') resting.add('subscribers');
    }
    const isSent = resting?.has(way) !== true;
    const isShown = resting?.has('subscribers') !== true;
    if (!isSent && !isShown) continue;
    const [published, cascaded] = [done === 'p', done === 'c'];
    deliveries.push({ record, entry, event, isSent, isShown, published, cascaded });
  }
  return deliveries;
}

/** What must not overtake each other: what is published to one destination, dead letters; each call goes its own way. */
export function wayOf(
  { app, runtime }: Context,
  { event, dead }: Pick<OutboxEntry, 'event' | 'dead'>,
): string {
  if (dead === true) return 'dead letters';
  const isCall = app.calls.has(event.type) && runtime.calls?.[event.type] !== undefined;
  return isCall ? event.id : `to ${runtime.publisher.destination?.(event) ?? ''}`;
}

/** Whether an entry has failed, and the time to try it again has not come. */
function isEarly({ runtime }: Context, { tries, nextAt }: OutboxEntry): boolean {
  return tries > 0 && nextAt > runtime.clock.now();
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
  const byId = new Map(deliveries.map((delivery) => [delivery.event.id, delivery]));
  const records = [...new Set(deliveries.map(({ record }) => record))];
  for (const record of records) settle(context, record, byId);
  let open = records.filter(({ dirty }) => dirty);
  for (let round = 0; round < limits.clearings && open.length > 0; round += 1) {
    if (round > 0) open = yield* reloaded(context, open, byId);
    const results = yield* save(open.map(writeRecord));
    open = open.filter((record, index) => {
      const result = results[index];
      // After an unknown outcome as well: what is there already is not settled twice.
      if (result?.outcome === 'failed')
        return result.error.code === 'record-too-large' && makeSmaller(record, byId);
      if (result?.outcome !== 'saved') return true;
      record.version = result.version;
      record.dirty = false;
      return false;
    });
  }
}

/** Replaces a result for which there is no room, or its call would be performed again and again; `false` if there is none. */
function makeSmaller(record: WorkingRecord, byId: ReadonlyMap<string, Delivery>): boolean {
  let isSmaller = false;
  for (const delivery of byId.values()) {
    const { orElse } = delivery;
    if (delivery.record !== record || orElse === undefined || orElse === delivery.result) continue;
    delivery.result = orElse;
    isSmaller = true;
  }
  return isSmaller;
}

/** Somebody else saved the records meanwhile: what was settled is settled again on what they saved. */
function* reloaded(
  context: Context,
  records: readonly WorkingRecord[],
  byId: ReadonlyMap<string, Delivery>,
): Task<WorkingRecord[]> {
  const stored = yield* load(records.map(({ key }) => key));
  if (isHearthError(stored)) return [];
  return records.filter((record, index) => {
    try {
      Object.assign(record, readRecord(record.handler, record.subject, stored[index]));
    } catch {
      // Newer code owns the record now, and with it the outbox.
      return false;
    }
    settle(context, record, byId);
    return record.dirty;
  });
}

function settle(
  context: Context,
  record: WorkingRecord,
  byId: ReadonlyMap<string, Delivery>,
): void {
  const outbox = record.outbox.flatMap((entry) => {
    const delivery = byId.get(entry.event.id);
    return delivery?.record === record ? remains(context, entry, delivery) : entry;
  });
  record.dirty ||=
    outbox.length !== record.outbox.length ||
    outbox.some((entry, at) => entry !== record.outbox[at]);
  record.outbox = outbox;
}

/** What is left of an entry: the entry itself while something is to be done, and what it gave: a call's result, a dead letter. */
function remains(context: Context, entry: OutboxEntry, delivery: Delivery): readonly OutboxEntry[] {
  const { published, cascaded, result, dead } = delivery;
  if (published && cascaded && dead === undefined && result === undefined) return [];
  return [
    ...(published && cascaded ? [] : retried(context, entry, delivery)),
    ...(dead === undefined ? [] : [deadEntry(context, delivery, dead)]),
    ...(result === undefined ? [] : [resultEntry(context, entry, result)]),
  ];
}

function retried(context: Context, entry: OutboxEntry, delivery: Delivery): readonly OutboxEntry[] {
  const { published, cascaded, error } = delivery;
  const done = published ? 'p' : cascaded ? 'c' : entry.done;
  const same = done === entry.done ? entry : { ...entry, done };
  if (error === undefined) return [same];
  // Where nobody sweeps, every further input tries again; that must not use up the tries of an hour in a minute.
  const isExtra = isEarly(context, entry) && wayOf(context, entry) !== entry.event.id;
  const tries = isExtra ? entry.tries : entry.tries + 1;
  const now = context.runtime.clock.now();
  const nextAt = isExtra ? entry.nextAt : now + backoff(context, tries);
  if (entry.dead === true) return [{ ...takeable(entry, error), tries, nextAt }];
  const since = entry.since ?? now;
  const isLast = isOver(context, tries, since, now);
  if (!isLast && error.retryable) return [isExtra ? same : { ...same, tries, nextAt, since }];
  count(context, 'dispatch_fail');
  const letter = deadEntry(context, delivery, { code: error.code, message: error.message });
  // What nobody will ever publish is still for own subscribers.
  const isShownLater = !cascaded && !isLast;
  return isShownLater ? [{ ...entry, done: 'p', tries, nextAt, since }, letter] : [letter];
}

/** Whoever was away for a weekend must not find everything lost, so both must be over: the time and the tries. */
function isOver({ runtime }: Context, tries: number, since: number, now: number): boolean {
  return tries >= limits.tries && now - since >= (runtime.giveUpAfterMs ?? limits.ageMs);
}

/** A dead letter that is too large goes without the data of its event; it is never dropped. */
function takeable(entry: OutboxEntry, { code }: HearthError): OutboxEntry {
  const event = code === 'limit-exceeded' ? withoutData(entry.event) : entry.event;
  return event === entry.event ? entry : { ...entry, event, body: JSON.stringify(event) };
}

function resultEntry(context: Context, { cause }: OutboxEntry, event: CloudEvent): OutboxEntry {
  // It is ours to deliver, at once; a sweep comes later if we die.
  context.leftBehind.add(event.id);
  const nextAt = context.runtime.clock.now() + graceMs;
  return { event, body: JSON.stringify(event), cause, nextAt, tries: 0, done: '' };
}

/** Doubles from one second, with jitter, so that many records do not come back at once. */
export function backoff({ runtime }: Context, tries: number): number {
  const wait = Math.min(limits.waitMs, 500 * 2 ** tries);
  const random = runtime.random?.() ?? 0.5;
  // What is no number would make no JSON of the record, and nobody could read it again.
  return Math.round(wait * (0.75 + (random >= 0 && random < 1 ? random : 0.5) / 2));
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
