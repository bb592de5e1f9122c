import type { CloudEvent } from '../event/cloud-event.ts';
import type { Logger } from '../ports/runtime.ts';
import type { Span, SpanStart, Tracing } from '../ports/tracing.ts';
import { toBase64Url } from '../event/hash-text.ts';
import { hashFrom, hashState, type Midstate } from '../event/sha256.ts';
import type { Context } from './work.ts';

const silent: Span = {
  traceparent: () => undefined,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
};

/**
 * Starts a span about an event, with the attributes of OpenTelemetry's CloudEvents conventions.
 *
 * The event's own `traceparent` is that of the starting trace: it becomes a link, unless it is the parent already.
 */
export function startSpan(
  { runtime }: Context,
  name: 'process' | 'publish',
  kind: SpanStart['kind'],
  event: CloudEvent,
  parent: string | undefined,
): Span {
  const { tracing } = runtime;
  if (tracing === undefined || !isOn(tracing)) return silent;
  const { traceparent } = event;
  const links = traceparent === undefined || traceparent === parent ? [] : [traceparent];
  const attributes = attributesOf(event);
  const start = { kind, parent, links, attributes };
  return unfailing(attempted(() => tracing.start(`${event.type} ${name}`, start)) ?? silent);
}

function isOn(tracing: Tracing): boolean {
  try {
    return tracing.isOn?.() !== false;
  } catch {
    return false;
  }
}

/** A span that fails is not allowed to stop anything; as for a logger, there is nowhere to say so. */
function unfailing(span: Span): Span {
  return {
    traceparent: () => attempted(() => span.traceparent()),
    set: (attributes) => attempted(() => span.set(attributes)),
    fail: (code) => attempted(() => span.fail(code)),
    end: () => attempted(() => span.end()),
  };
}

function attempted<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function attributesOf(event: CloudEvent): Readonly<Record<string, string>> {
  return {
    'cloudevents.event_id': event.id,
    'cloudevents.event_source': event.source,
    'cloudevents.event_spec_version': event.specversion,
    'cloudevents.event_type': event.type,
    ...(event.subject === undefined ? {} : { 'cloudevents.event_subject': event.subject }),
  };
}

const fieldLimit = 200;

/** A text as a log may show it: control characters escaped, so that no line can be forged, and cut to 200 characters. */
export function loggable(text: string): string {
  const cut = text.length > fieldLimit ? `${text.slice(0, fieldLimit)}…` : text;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return cut.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

let state: Midstate | undefined;

/** A text as 72 bits of a hash: the same for the same text, and nothing to read. */
function hashed(text: string): string {
  state ??= hashState('hearth.log');
  return toBase64Url(hashFrom(state, [text]), 12);
}

/** What a log line says of an event: who it is by, never what it says. The subject is personal and therefore a hash. */
export function logged(event: CloudEvent, principal?: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {
    eventId: loggable(event.id),
    eventSource: loggable(event.source),
    eventType: loggable(event.type),
  };
  if (event.subject !== undefined) fields['subjectHash'] = hashed(event.subject);
  if (principal !== undefined) fields['principalHash'] = hashed(principal);
  if (event.correlationid !== undefined) fields['correlationid'] = loggable(event.correlationid);
  if (event.causationid !== undefined) fields['causationid'] = loggable(event.causationid);
  return fields;
}

/**
 * What a log line says of an error: its class and where it was thrown, the innermost cause first. Never its message, into which
 * whoever threw it may have put data.
 */
export function loggedError(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error)) return { errorName: typeof error };
  if (error.cause instanceof Error) return loggedError(error.cause);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { errorName: error.name, errorStack: frames.slice(0, 8).join('\n') };
}

/** Writes a log line; a logger that throws is not allowed to stop anything. */
export function log(
  { runtime }: Pick<Context, 'runtime'>,
  level: keyof Logger,
  fields: Readonly<Record<string, unknown>>,
  message: string,
): void {
  try {
    runtime.logger?.[level](fields, message);
  } catch {
    // A logger that fails has nowhere to say so.
  }
}
