import { HearthError, isHearthError, type App, type Input, type Principal } from '@hearth/core';
import { toBase64, type Limits } from '@hearth/core/event';
import {
  carefully,
  httpInputs,
  messageInput,
  principalFrom,
  recordOf,
  type PrincipalFrom,
} from '@hearth/core/trigger';
import { eventFunction, type EventFunction, type EventOptions } from './event-function.ts';

/** Who sends CloudEvents, and what they may cost. */
export interface CloudEventDecodeOptions {
  /**
   * Who is speaking: a principal, if only that one can reach the function, or a function that uses nothing a sender chooses. Without it
   * everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: PrincipalFrom<Readonly<Record<string, unknown>>>;
  readonly limits?: Partial<Limits>;
}

/** How CloudEvents are taken. */
export interface CloudEventOptions extends EventOptions, CloudEventDecodeOptions {}

/**
 * Runs an app on CloudEvents: `functions.cloudEvent('home', cloudEvent(home, { … }))`.
 *
 * The framework checks nothing: any JSON reaches the function, and a batch as bytes; here they are checked, and what is no event becomes a
 * dead letter. It also hides how an event was sent, so that attributes of binary mode stay percent-encoded, and it puts the trace of the
 * request in the place of the event's own; `http` sees all of it.
 */
export function cloudEvent(app: App, options: CloudEventOptions): EventFunction {
  return eventFunction(app, options, options.principal !== undefined, (event) =>
    decodeCloudEvent(event, options),
  );
}

/** Reads what the framework hands in for a CloudEvent or a batch, as `cloudEvent` does: one input, or one for each element. Never throws. */
export function decodeCloudEvent(
  native: unknown,
  options: CloudEventDecodeOptions = {},
): readonly Input[] {
  return carefully(native, () => inputsOf(native, options));
}

function inputsOf(native: unknown, options: CloudEventDecodeOptions): readonly Input[] {
  const { limits } = options;
  const principal = principalFrom(options.principal, recordOf(native));
  if (ArrayBuffer.isView(native)) return ofBytes(native as Uint8Array, principal, limits);
  const json = typeof native === 'object' && native !== null ? withBytes(native) : native;
  const { traceparent } = recordOf(native);
  if (json === undefined || typeof json === 'string') {
    return [messageInput({ body: json, contentType: structured, principal, limits })];
  }
  return [messageInput({ json, contentType: structured, principal, traceparent, limits })];
}

const structured = 'application/cloudevents+json';

/** Data that is neither JSON nor text comes as bytes. */
function withBytes(event: object): object {
  const { data, ...rest } = event as Readonly<Record<string, unknown>>;
  return ArrayBuffer.isView(data) ? { ...rest, data_base64: toBase64(data as Uint8Array) } : event;
}

/** What the framework knows no reader for, such as a batch, comes as bytes. */
function ofBytes(
  body: Uint8Array,
  principal: Principal | HearthError,
  limits: Partial<Limits> | undefined,
): readonly Input[] {
  const isBatch = body.find((byte) => byte > 0x20) === 0x5b;
  if (!isBatch) return [messageInput({ body, contentType: structured, principal, limits })];
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  try {
    if (isHearthError(principal)) throw principal;
    return httpInputs({ headers, body }, { principal, batch: true, limits }).inputs;
  } catch (cause) {
    const error = isHearthError(cause) ? cause : unreadable(cause);
    return [messageInput({ body, principal: error, limits })];
  }
}

function unreadable(cause: unknown): HearthError {
  return new HearthError('invalid-event', 'The batch could not be read.', { field: 'body', cause });
}
