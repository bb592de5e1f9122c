import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import type { Call } from '../model/call.ts';
import { check } from '../model/schema.ts';
import { hasSubscribers, own } from './cascade.ts';
import { call, publish, type CallResult, type Task } from './effect.ts';
import type { Delivery } from './outbox.ts';
import { isoTime } from './stamp.ts';
import type { Context } from './work.ts';

const noResult = new HearthError(
  'publisher-unavailable',
  'The publisher gave no result for an event.',
  { retryable: true },
);

/** The call that an output is, if this runtime has its function. */
export function functionFor(
  { app, runtime }: Context,
  { event }: Delivery,
): Call<string, unknown, unknown> | undefined {
  const known = app.calls.get(event.type);
  return known !== undefined && runtime.calls?.[event.type] !== undefined ? known : undefined;
}

/** Performs calls, all at once, and hands each result to its subscribers. */
export function* perform(context: Context, deliveries: readonly Delivery[]): Task<void> {
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
