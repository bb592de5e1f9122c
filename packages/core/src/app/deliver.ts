import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import type { Call } from '../model/call.ts';
import { check } from '../model/schema.ts';
import type { Outgoing, PublishResult } from '../ports/publisher.ts';
import type { Span } from '../ports/tracing.ts';
import { accept } from './accept.ts';
import { call, publish, type CallResult, type Task } from './effect.ts';
import { clear, deliveriesOf, waiting, type Delivery } from './outbox.ts';
import type { WorkingRecord } from './record.ts';
import { markOf } from './seen.ts';
import { isoTime } from './stamp.ts';
import { startSpan } from './telemetry.ts';
import { count, type Context, type Fate, type Work } from './work.ts';

/**
 * Delivers the outboxes of records from the front: each output is published (or performed, if it is a call), every own subscriber saves
 * it, and only after both is it removed. Stops per destination at the first failure.
 *
 * Gives the records that still have outputs.
 */
export function* deliver(
  context: Context,
  records: readonly WorkingRecord[],
): Task<readonly WorkingRecord[]> {
  const deliveries = records.flatMap((record) => deliveriesOf(context, record));
  if (deliveries.length > 0) yield* deliverThese(context, deliveries);
  // A dead letter that has just taken an output's place goes out at once, so that it does not wait for a sweep.
  const isFresh = ({ outbox }: WorkingRecord) =>
    outbox.some(({ dead, tries }) => dead && tries === 0);
  const letters = deliveries.length === 0 ? [] : records.filter(isFresh);
  if (letters.length > 0) yield* deliver(context, letters);
  return records.filter((record) => waiting(context, record).length > 0);
}

function* deliverThese(context: Context, deliveries: readonly Delivery[]): Task<void> {
  for (const { entry } of deliveries) context.inFlight.add(entry.id);
  const open = deliveries.filter((delivery) => !isOver(context, delivery));
  const isCall = (delivery: Delivery) => functionFor(context, delivery) !== undefined;
  yield* perform(context, open.filter(isCall));
  yield* publishAll(
    context,
    open.filter((delivery) => !isCall(delivery)),
  );
  yield* cascade(context, open);
  yield* clear(context, deliveries);
  for (const { entry } of deliveries) context.inFlight.delete(entry.id);
}

/** A command whose time has passed is never sent; the dead letter tells. */
function isOver(context: Context, delivery: Delivery): boolean {
  const { expirytime } = delivery.event;
  if (expirytime === undefined || Date.parse(expirytime) > context.runtime.clock.now())
    return false;
  count(context, 'expired');
  delivery.dead = {
    code: 'expired',
    message: `"${delivery.event.type}" was not sent before ${expirytime}.`,
  };
  return true;
}

function functionFor(
  { app, runtime }: Context,
  { event }: Delivery,
): Call<string, unknown, unknown> | undefined {
  const known = app.calls.get(event.type);
  return known !== undefined && runtime.calls?.[event.type] !== undefined ? known : undefined;
}

/** Publishes: all at once where the publisher keeps the order, else each record's outputs one after the other. */
function* publishAll(context: Context, deliveries: readonly Delivery[]): Task<void> {
  for (const dead of [false, true]) {
    const todo = deliveries.filter(
      ({ published, entry }) => !published && (entry.dead === true) === dead,
    );
    const { publisher, deadLetters = publisher } = context.runtime;
    const { ordered } = dead ? deadLetters : publisher;
    for (const round of ordered === true ? [todo] : roundsOf(todo)) {
      const ready = round.filter(
        ({ record }) => !todo.some((one) => one.record === record && one.error !== undefined),
      );
      if (ready.length > 0) yield* publishRound(context, ready, dead);
    }
  }
}

/** The first output of every record, then the second, and so on. */
function roundsOf(deliveries: readonly Delivery[]): readonly (readonly Delivery[])[] {
  const rounds: Delivery[][] = [];
  const depth = new Map<WorkingRecord, number>();
  for (const delivery of deliveries) {
    const at = depth.get(delivery.record) ?? 0;
    depth.set(delivery.record, at + 1);
    (rounds[at] ??= []).push(delivery);
  }
  return rounds;
}

function* publishRound(context: Context, round: readonly Delivery[], dead: boolean): Task<void> {
  const spans = round.map(({ event, record }) =>
    startSpan(context, 'publish', 'producer', event, record.trace),
  );
  const outgoing = round.map(({ event, entry }, index): Outgoing => {
    const traceparent = spans[index]?.traceparent();
    return { event, body: entry.body, ...(traceparent === undefined ? {} : { traceparent }) };
  });
  const results = yield* publish(outgoing, dead);
  round.forEach((delivery, index) => {
    const result = results[index] ?? missing;
    if (result.outcome === 'published') {
      delivery.published = true;
      if (dead) delivery.cascaded = true;
    } else if (result.outcome === 'failed') {
      delivery.error = result.error;
      count(context, 'dispatch_fail');
      spans[index]?.fail(result.error.code);
    }
    spans[index]?.end();
  });
}

const noResult = new HearthError(
  'publisher-unavailable',
  'The publisher gave no result for an event.',
  { retryable: true },
);
const missing: PublishResult = { outcome: 'failed', error: noResult };

/** Has every own subscriber save what was emitted, in each record's order. */
function* cascade(context: Context, deliveries: readonly Delivery[]): Task<void> {
  const todo: Delivery[] = [];
  const spans: Span[] = [];
  const works: Work[] = [];
  for (const delivery of deliveries) {
    if (delivery.cascaded) continue;
    if (context.runtime.cascade === 'bus' || !hasSubscribers(context, delivery.event))
      delivery.cascaded = true;
    else {
      const span = startSpan(context, 'process', 'internal', delivery.event, delivery.record.trace);
      const work = own(context, delivery.event, delivery.record.key, span.traceparent());
      if (isHearthError(work)) delivery.dead = { code: work.code, message: work.message };
      else {
        todo.push(delivery);
        works.push(work);
      }
      spans.push(span);
    }
  }
  const fates =
    works.length === 0 ? [] : yield* context.carryOut({ ...context, ordered: true }, works);
  todo.forEach((delivery, index) => settleCascade(context, delivery, fates[index]));
  for (const span of spans) span.end();
}

function hasSubscribers({ app }: Context, event: CloudEvent): boolean {
  return (
    app.routes.get(event.type)?.some(({ subscription }) => subscription.incoming !== true) ?? false
  );
}

/** What the app itself said is handled as of the time it said it, so that a late delivery changes nothing. */
function own(
  { app }: Context,
  event: CloudEvent,
  order: string,
  traceparent: string | undefined,
): Work | HearthError {
  try {
    const now = Date.parse(event.time ?? '');
    const principal = { kind: 'app', id: app.source } as const;
    return {
      event: accept(app, event),
      mark: markOf(event),
      now,
      principal,
      order,
      cascade: true,
      traceparent,
    };
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    throw cause;
  }
}

function settleCascade(context: Context, delivery: Delivery, fate: Fate | undefined): void {
  if (fate === undefined) return;
  if ('error' in fate) {
    const { code, message } = fate.error;
    delivery.error ??= new HearthError(code, message, { retryable: true, cause: fate.error });
    return;
  }
  delivery.cascaded = true;
  if (fate.status === 'done') return;
  count(context, 'drop', 1, { code: fate.code });
  // What an erased subject was told must not survive in a dead letter.
  if (fate.code !== 'erased')
    delivery.dead = { code: fate.code, message: fate.message, data: fate.data };
}

/** Performs calls, all at once, and hands each result to its subscribers. */
function* perform(context: Context, deliveries: readonly Delivery[]): Task<void> {
  const todo = deliveries.filter(({ published }) => !published);
  if (todo.length === 0) return;
  const calls = todo.map((delivery) => {
    const { event } = delivery;
    const timeoutMs = functionFor(context, delivery)?.timeoutMs ?? 0;
    return { type: event.type, request: event.data, key: event.id, timeoutMs };
  });
  const results = yield* call(calls);
  for (const [index, delivery] of todo.entries()) {
    const known = functionFor(context, delivery);
    const performed = results[index];
    if (known !== undefined && performed !== undefined)
      yield* settleCall(context, delivery, known, performed);
  }
}

function* settleCall(
  context: Context,
  delivery: Delivery,
  known: Call<string, unknown, unknown>,
  performed: CallResult,
): Task<void> {
  const answer = isHearthError(performed) ? performed : fitting(known, performed.result);
  if (!isHearthError(answer)) {
    yield* answerCall(context, delivery, known.done.type, { result: answer });
  } else if (delivery.entry.tries + 1 >= known.attempts) {
    yield* answerCall(context, delivery, known.failed.type, {
      code: answer.code,
      attempts: known.attempts,
    });
  } else {
    delivery.error = new HearthError(answer.code, answer.message, {
      retryable: true,
      cause: answer,
    });
  }
}

function fitting(known: Call<string, unknown, unknown>, result: unknown): unknown {
  const checked = check(known.result, result);
  if (checked.issue === undefined) return checked.value;
  const { at, message } = checked.issue;
  return new HearthError(
    'invalid-data',
    `The result of "${known.type}" does not fit at "${at}": ${message}`,
    { field: at },
  );
}

/** The result is an event with an id derived from the call's, so that a call performed twice answers once. */
function* answerCall(context: Context, delivery: Delivery, type: string, data: object): Task<void> {
  const { app, runtime } = context;
  const { event } = delivery;
  const id = toBase32(hashFrom(hashState(app.source, type), [event.source, event.id]));
  const { traceparent, correlationid, partitionkey } = event;
  const result: CloudEvent = {
    specversion: '1.0',
    id,
    source: app.source,
    type,
    subject: event.subject ?? '',
    time: isoTime(runtime.clock.now()),
    data: { request: event.data, ...data },
    causationid: event.id,
    ...(correlationid === undefined ? {} : { correlationid }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(partitionkey === undefined ? {} : { partitionkey }),
    hearthdepth: event.hearthdepth ?? 0,
  };
  const inline = runtime.cascade !== 'bus' && hasSubscribers(context, result);
  const error = inline ? yield* cascadeResult(context, result) : yield* publishResult(result);
  if (error === undefined) {
    delivery.published = true;
    delivery.cascaded = true;
  } else delivery.error = error;
}

function* cascadeResult(context: Context, result: CloudEvent): Task<HearthError | undefined> {
  const work = own(context, result, result.id, undefined);
  if (isHearthError(work)) return work;
  const [fate] = yield* context.carryOut(context, [work]);
  return fate?.status === 'retry' || fate?.status === 'failed' ? fate.error : undefined;
}

function* publishResult(event: CloudEvent): Task<HearthError | undefined> {
  const [result] = yield* publish([{ event, body: JSON.stringify(event) }]);
  if (result?.outcome === 'published') return undefined;
  return result?.outcome === 'failed' ? result.error : noResult;
}
