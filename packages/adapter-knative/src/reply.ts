import type { App } from '@hearth/core';
import {
  encodeHttpBinary,
  encodeHttpStructured,
  hashFrom,
  hashState,
  toBase32,
  type CloudEvent,
  type HttpMode,
} from '@hearth/core/event';
import type { Answer } from './answer.ts';

/** Names the type of the event that carries a step's reply, given the event that was replied to. */
export type ReplyType = (event: CloudEvent) => string;

/** The type of a reply unless told otherwise: that of the event, with `.reply` after it. */
export const replyType: ReplyType = ({ type }) => `${type}.reply`;

/** Makes the reply event for an event and what a step replied; see `replyEvents`. */
export type ReplyEvent = (event: CloudEvent, reply: unknown) => CloudEvent;

/**
 * Gives the function that makes reply events of an app.
 *
 * The reply is the `data`; the id is derived from the app and the event that is replied to, so that a doubled event gets an equal reply.
 * Subject, partition and starting trace are those of the event; `correlationid` is the event's or else its id, `causationid` its id. It has
 * no `time`, which could not be equal on a repetition, and counts in `hearthdepth`, so that services that reply to each other come to an end.
 */
export function replyEvents(app: Pick<App, 'source'>, typeOf: ReplyType = replyType): ReplyEvent {
  const ids = hashState(app.source, 'hearth.reply');
  return (event, reply) => ({
    specversion: '1.0',
    id: toBase32(hashFrom(ids, [event.source, event.id])),
    source: app.source,
    type: typeOf(event),
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    datacontenttype: 'application/json',
    correlationid: event.correlationid ?? event.id,
    causationid: event.id,
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    ...(event.partitionkey === undefined ? {} : { partitionkey: event.partitionkey }),
    hearthdepth: (event.hearthdepth ?? 0) + 1,
    data: reply,
  });
}

/** Tells whether the sender wants a reply (`Prefer: reply`, RFC 7240). */
export function prefersReply(prefer: string | readonly string[] | undefined): boolean {
  return prefer !== undefined && /(?:^|,)\s*reply\s*(?:[,;]|$)/i.test(String(prefer));
}

/** A reply as an answer, in the mode in which the sender speaks. */
export function replyAnswer(reply: CloudEvent, mode: HttpMode): Answer {
  const encode = mode === 'structured' ? encodeHttpStructured : encodeHttpBinary;
  return { status: 200, ...encode(reply) };
}
