import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import { toBase32, toBase64Url } from '../event/hash-text.ts';
import { hashFrom, type Midstate } from '../event/sha256.ts';
import type { Draft, EventType, Incoming } from '../model/event.ts';
import { check } from '../model/schema.ts';
import type { App } from './define-app.ts';

/** How many cascades may follow one event from outside. */
export const maxDepth = 16;

/** Who emits, and because of what: everything that the attributes of an emitted event come from. */
export interface Emitter {
  readonly app: App;
  readonly mark: Midstate;
  readonly subject: string;
  readonly cause: Incoming;
  readonly now: number;
  /** The record's part of `recordseq`. */
  readonly record: string;
  readonly traceparent?: string | undefined;
}

/** The record's part of `recordseq`: 72 bits of a hash of (app source, handler, subject). */
export function recordHash(mark: Midstate, subject: string): string {
  return toBase64Url(hashFrom(mark, [subject]), 12);
}

/**
 * The id of an emitted event: SHA-256 over (app source, handler, subject, cause source, cause id, kind, type, subject of the draft, key or
 * index), each with its length in front; 52 characters of base32.
 */
export function idOf(
  emitter: Emitter,
  kind: 'key' | 'index' | 'timer',
  draft: Draft,
  key: string,
): string {
  const { cause, subject } = emitter;
  return toBase32(
    hashFrom(emitter.mark, [subject, cause.source, cause.id, kind, draft.type, draft.subject, key]),
  );
}

/**
 * Checks a draft and makes an event of it.
 *
 * @throws {HearthError} `invalid-output` when the app does not know the type or its data does not fit; `depth-exceeded` when this is a
 * cascade without end.
 */
export function stamp(
  emitter: Emitter,
  draft: Draft,
  id: string,
  time: string,
  counter?: number,
): CloudEvent {
  const { cause, app } = emitter;
  const known = typeOf(app, draft);
  const depth = (cause.hearthdepth ?? 0) + 1;
  if (depth > maxDepth) {
    throw new HearthError(
      'depth-exceeded',
      `"${draft.type}" would be the ${depth}th cascade of one event; at most ${maxDepth} are allowed.`,
    );
  }
  const event: { -readonly [K in keyof CloudEvent]: CloudEvent[K] } = {
    specversion: '1.0',
    id,
    source: app.source,
    type: draft.type,
    subject: draft.subject,
    time,
    data: checked(known, draft),
    correlationid: cause.correlationid ?? cause.id,
    causationid: cause.id,
    partitionkey: draft.partition ?? cause.partitionkey ?? draft.subject,
    hearthdepth: depth,
  };
  const traceparent = traceOf(cause) ?? emitter.traceparent;
  if (traceparent !== undefined) event.traceparent = traceparent;
  if (counter !== undefined)
    event.recordseq = `${emitter.record}.${String(counter).padStart(12, '0')}`;
  if (known.expiresMs !== undefined || draft.expires !== undefined)
    event.expirytime = expiryOf(known.expiresMs ?? Infinity, cause, draft, time);
  return event;
}

// https://www.w3.org/TR/trace-context/#traceparent-header
const traceContext = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** The trace in which a story started. Anybody can name one; what is none, up to 8 KiB of it, would be carried along in every event. */
function traceOf({ traceparent }: Incoming): string | undefined {
  return traceparent !== undefined && traceContext.test(traceparent) ? traceparent : undefined;
}

/** A command that is passed on does not live longer than whoever gave it wanted. */
function expiryOf(expiresMs: number, cause: Incoming, draft: Draft, time: string): string {
  const end = Math.min(Date.parse(time) + expiresMs, draft.expires ?? Infinity);
  const given = cause.type === draft.type ? Date.parse(cause.expirytime ?? '') : Number.NaN;
  return isoTime(given < end ? given : end);
}

function typeOf(app: App, draft: Draft): EventType {
  const known = app.types.get(draft.type)?.find(({ older }) => older === undefined);
  if (known !== undefined) return known.event;
  throw new HearthError(
    'invalid-output',
    `The app emits "${draft.type}" but does not define it; add it to the parts.`,
    {
      field: 'type',
    },
  );
}

function checked(known: EventType, draft: Draft): unknown {
  if (
    typeof draft.subject !== 'string' ||
    (!/^[ -~]{1,1024}$/.test(draft.subject) &&
      !/^[^\p{Cc}\p{Cs}\p{Cn}]{1,1024}$/u.test(draft.subject))
  ) {
    throw new HearthError(
      'invalid-output',
      `"${draft.type}" needs a subject of 1 to 1,024 characters.`,
      { field: 'subject' },
    );
  }
  const result = check(known.data, draft.data);
  if (result.issue === undefined) return result.value;
  const { at, message } = result.issue;
  throw new HearthError(
    'invalid-output',
    `The data of the emitted "${draft.type}" does not fit at "${at}": ${message}`,
    {
      field: at,
    },
  );
}

let lastInstant = Number.NaN;
let lastText = '';

/** An instant as RFC 3339 text in UTC with milliseconds. */
export function isoTime(instant: number): string {
  if (instant !== lastInstant) {
    lastText = new Date(instant).toISOString();
    lastInstant = instant;
  }
  return lastText;
}
