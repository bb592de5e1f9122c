import type { App } from '../app/define-app.ts';
import type { Handled } from '../app/input.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { encodeHttpBinary, encodeHttpStructured, type HttpHeaders } from '../event/http.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import type { HttpAnswer } from './http-answer.ts';
import { headerPairs, type HttpInputs } from './http-inputs.ts';

/** Names the type of the event that carries a step's reply, given the event that was replied to. */
export type ReplyType = (event: CloudEvent) => string;

/** Gives the answer that carries a step's reply, for a sender that asks for one (`Prefer: reply`); else `undefined`. */
export type HttpReplies = (
  headers: HttpHeaders,
  read: HttpInputs,
  handled: readonly Handled[],
) => HttpAnswer | undefined;

/**
 * Gives the function that makes replies of an app: one event, in the mode in which the sender speaks, and none for a batch.
 *
 * The reply is the `data`; the type is that of the event with `.reply` after it, unless `typeOf` says otherwise; the id is derived from
 * the app and the event that is replied to, so that a doubled event gets an equal reply.
 * Subject, partition and starting trace are those of the event; `correlationid` is the event's or else its id, `causationid` its id. It has
 * no `time`, which could not be equal on a repetition, and counts in `hearthdepth`, so that services that reply to each other come to an end.
 *
 * What it makes throws (`invalid-event`) if `typeOf` gives a type that no event can have; the event that was replied to is done all the same.
 */
export function httpReplies(app: Pick<App, 'source'>, typeOf: ReplyType = replyType): HttpReplies {
  const ids = hashState(app.source, 'hearth.reply');
  return (headers, { mode, inputs }, [handled]) => {
    const event = inputs[0]?.event;
    if (mode === 'batch' || event === undefined || isHearthError(event)) return undefined;
    if (handled?.verdict !== 'done' || handled.reply === undefined) return undefined;
    if (!prefersReply(headers)) return undefined;
    const id = toBase32(hashFrom(ids, [event.source, event.id]));
    const reply = { ...inheritedFrom(event), id, source: app.source, type: typeOf(event) };
    const encode = mode === 'structured' ? encodeHttpStructured : encodeHttpBinary;
    return { status: 200, ...encode({ ...reply, data: handled.reply }) };
  };
}

const replyType: ReplyType = ({ type }) => `${type}.reply`;

function inheritedFrom(event: CloudEvent) {
  return {
    specversion: '1.0',
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    datacontenttype: 'application/json',
    correlationid: event.correlationid ?? event.id,
    causationid: event.id,
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    ...(event.partitionkey === undefined ? {} : { partitionkey: event.partitionkey }),
    hearthdepth: (event.hearthdepth ?? 0) + 1,
  } as const;
}

/** Tells whether the sender wants a reply (RFC 7240), which may be said among other preferences and in several headers. */
function prefersReply(headers: HttpHeaders): boolean {
  return headerPairs(headers).some(
    ([name, value]) =>
      name.length === 6 &&
      name.toLowerCase() === 'prefer' &&
      /(?:^|,)\s*reply\s*(?:[,;]|$)/i.test(value),
  );
}
