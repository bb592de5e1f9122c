import type { CloudEvent } from '../event/cloud-event.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import { isoTime } from './stamp.ts';
import type { App } from './define-app.ts';

/** Why something became a dead letter. */
export interface DeadReason {
  readonly code: string;
  readonly message?: string | undefined;
  readonly data?: unknown;
}

/** The data of a `hearth.deadletter` event: the reason, and the event or the native payload it was made of. */
export interface DeadLetter extends DeadReason {
  readonly event?: CloudEvent;
  readonly raw?: string;
}

/** The type of a dead letter. */
export const deadLetterType = 'hearth.deadletter';

/** A dead letter for an event. Its id depends on the event's identity and the code alone, so that a repetition is recognised. */
export function deadLetterOf(
  app: App,
  event: CloudEvent,
  reason: DeadReason,
  now: number,
): CloudEvent<typeof deadLetterType, DeadLetter> {
  const id = idOf(app, [event.source, event.id, reason.code]);
  // What belongs to another region must not be kept in this one.
  if (reason.code === 'wrong-region') return letter(app, id, now, reason);
  // What an erased subject is told must not survive in a letter.
  const known = reason.code === 'erased' ? bare(event) : event;
  return letter(app, id, now, { ...reason, event: known }, event.subject);
}

/** A dead letter without what made it large: its event says what it was, and no longer what it said. The letter itself if that is all. */
export function withoutData(event: CloudEvent): CloudEvent {
  const { raw, event: inner, ...rest } = event.data as DeadLetter;
  if (raw === undefined && (inner === undefined || bare(inner) === inner)) return event;
  return { ...event, data: inner === undefined ? rest : { ...rest, event: bare(inner) } };
}

function bare(event: CloudEvent): CloudEvent {
  const { data, data_base64: base64, ...attributes } = event;
  return data === undefined && base64 === undefined ? event : attributes;
}

/** A dead letter for a message that is no event: known by the transport's id or by its payload. */
export function deadLetterOfRaw(
  app: App,
  known: string,
  raw: string | undefined,
  reason: DeadReason,
  now: number,
): CloudEvent<typeof deadLetterType, DeadLetter> {
  const id = idOf(app, ['', known, reason.code]);
  return letter(app, id, now, { ...reason, ...(raw === undefined ? {} : { raw }) });
}

/** Tells that somebody tried to speak for another: without the data, which is not theirs to spread. */
export function deniedOf(app: App, event: CloudEvent, principal: string, now: number): CloudEvent {
  const id = idOf(app, [event.source, event.id, 'denied']);
  const data = { principal, type: event.type, subject: event.subject ?? null };
  return {
    specversion: '1.0',
    id,
    source: app.source,
    type: 'hearth.security.denied',
    time: isoTime(now),
    data,
  };
}

function idOf(app: App, parts: readonly string[]): string {
  return toBase32(hashFrom(hashState(app.source, deadLetterType), parts));
}

function letter(
  app: App,
  id: string,
  now: number,
  data: DeadLetter,
  subject?: string,
): CloudEvent<typeof deadLetterType, DeadLetter> {
  return {
    specversion: '1.0',
    id,
    source: app.source,
    type: deadLetterType,
    ...(subject === undefined ? {} : { subject }),
    time: isoTime(now),
    data,
  };
}
