import { HearthError, isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import type { Call } from '../model/call.ts';
import { check } from '../model/schema.ts';
import { call, noTime, type CallResult, type Task } from './effect.ts';
import type { Delivery } from './outbox.ts';
import { isoTime } from './stamp.ts';
import type { Context } from './work.ts';

/** The call that an output is, if this runtime has its function. */
export function functionFor(
  { app, runtime }: Context,
  { event }: Delivery,
): Call<string, unknown, unknown> | undefined {
  const known = app.calls.get(event.type);
  return known !== undefined && runtime.calls?.[event.type] !== undefined ? known : undefined;
}

/** Performs calls, all at once: each one's result takes its place in the outbox. */
export function* perform(context: Context, deliveries: readonly Delivery[]): Task<void> {
  if (deliveries.length === 0) return;
  const calls = deliveries.map((delivery) => {
    const { event } = delivery;
    const timeoutMs = functionFor(context, delivery)?.timeoutMs ?? 0;
    const { type, subject = '', data: request, id: key } = event;
    return { type, subject, request, key, timeoutMs };
  });
  const results = yield* call(calls);
  deliveries.forEach((delivery, index) => {
    const known = functionFor(context, delivery);
    const performed = results[index];
    if (known !== undefined && performed !== undefined)
      settleCall(context, delivery, known, performed);
  });
}

function settleCall(
  context: Context,
  delivery: Delivery,
  known: Call<string, unknown, unknown>,
  performed: CallResult,
): void {
  // It stays where it is, for whoever has more time.
  if (performed === noTime) return;
  const answer = isHearthError(performed) ? performed : fitting(known, performed.result);
  if (!isHearthError(answer)) {
    delivery.published = true;
    delivery.result = answerTo(context, delivery, known.done.type, { result: answer });
    // What it gave may be too large for the record; then that is what its caller must be told.
    const tooLarge = { code: 'record-too-large', attempts: delivery.entry.tries + 1 };
    delivery.orElse = answerTo(context, delivery, known.failed.type, tooLarge);
  } else if (delivery.entry.tries + 1 >= known.attempts) {
    const { attempts } = known;
    delivery.published = true;
    delivery.result = answerTo(context, delivery, known.failed.type, {
      code: answer.code,
      attempts,
    });
  } else {
    delivery.error = new HearthError(answer.code, answer.message, {
      retryable: true,
      cause: answer,
    });
  }
}

/** A result as JSON can keep it, or why there is none: whoever wrote the function or the schema may have made a mistake. */
function fitting(known: Call<string, unknown, unknown>, result: unknown): unknown {
  try {
    const checked = check(known.result, result);
    if (checked.issue === undefined) {
      JSON.stringify(checked.value);
      return checked.value;
    }
    const { at, message } = checked.issue;
    const text = `The result of "${known.type}" does not fit at "${at}": ${message}`;
    return new HearthError('invalid-data', text, { field: at });
  } catch (cause) {
    const text = `The result of "${known.type}" could not be checked, or is no JSON.`;
    return new HearthError('invalid-data', text, { cause });
  }
}

/**
 * The result is an event with an id derived from the call's. It is saved before anybody sees it, so that a call that is performed
 * twice is answered once, with the same bytes.
 */
function answerTo(
  { app, runtime }: Context,
  { event }: Delivery,
  type: string,
  data: object,
): CloudEvent {
  const id = toBase32(hashFrom(hashState(app.source, type), [event.source, event.id]));
  const { traceparent, correlationid, partitionkey } = event;
  return {
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
}
