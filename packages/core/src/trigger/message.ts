import type { Input } from '../app/input.ts';
import { checkEvent } from '../event/attributes.ts';
import { readBinary } from '../event/binary.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { parseJson, writeJson } from '../event/data.ts';
import { HearthError, invalid, isHearthError } from '../event/error.ts';
import { decodeStructured } from '../event/json.ts';
import { checkLimit, type Limits } from '../event/limits.ts';
import { formatOf } from '../event/media-type.ts';
import { toText, type Body } from '../event/utf8.ts';
import { anonymous, type Principal } from '../ports/principal.ts';
import { attributesOf, type Attributes } from './attributes.ts';
import { plainEvent, type Plain } from './plain.ts';
import { rawOf } from './raw.ts';
import { traceContext } from './trace-context.ts';

/**
 * One message of a transport, as a trigger hands it in; whatever the transport does not have is left out.
 *
 * The CloudEvent in it is looked for in this order: structured, by `contentType`; binary, by `attributes`; structured without a content
 * type, if `sniff` allows it; else the message is what `otherwise` says.
 */
export interface Message {
  /** The body as it came: text or bytes. What is neither makes the message `invalid-event`. */
  readonly body?: Body | null | undefined;
  /** The body where the host has parsed it already; an object with `specversion` is a CloudEvent. Takes the place of `body`. */
  readonly json?: unknown;
  readonly contentType?: string | undefined;
  /** The properties among which the attributes of binary mode may be, each sent once: a record, or pairs. */
  readonly attributes?: Attributes | null | undefined;
  /**
   * What the names of attributes begin with: `ce-` unless given (AMQP has two: `cloudEvents:` and `cloudEvents_`). With `''`, as in MQTT,
   * whatever cannot be an attribute's name belongs to somebody else.
   */
  readonly prefix?: string | readonly string[] | undefined;
  /**
   * Whether a body without a content type is taken for an event if it is a JSON object with `specversion`; with `json`, one of the content
   * type `application/json` as well, which some services want to be able to route a message.
   */
  readonly sniff?: boolean | 'json' | undefined;
  /** What the message is if it holds no CloudEvent; an error rejects it, as does nothing. */
  readonly otherwise?: Plain | HearthError | undefined;
  /** Who is speaking, as the channel proved it, or why the message is refused for it. */
  readonly principal: Principal | HearthError;
  /** The transport's own id: that of a plain payload without a better one, and of the dead letter of what cannot be read. */
  readonly id?: string | (() => string) | undefined;
  /** The id that the sender gave a plain payload beside its body, such as a user property. */
  readonly ownId?: string | undefined;
  readonly order?: string | undefined;
  readonly attempt?: number | undefined;
  readonly lastAttempt?: boolean | undefined;
  readonly now?: number | undefined;
  /** The trace context of this hop; what is none is left out. */
  readonly traceparent?: unknown;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Reads a message into the input for `handle`. It never throws: what cannot be read becomes an input that is rejected, whose `event` is
 * the `HearthError` that says why (`invalid-event`, `invalid-data`, `limit-exceeded`, `unsupported-media-type`, `not-permitted`), with `raw` and `id` for its dead
 * letter.
 *
 * The size of the body is checked before anything is parsed.
 */
export function messageInput(message: Message): Input {
  const input: { -readonly [K in keyof Input]: Input[K] } = inputOf(message);
  try {
    if (isHearthError(message.principal)) throw message.principal;
    input.event = eventOf(message);
  } catch (cause) {
    input.event = isHearthError(cause) ? cause : unreadable(cause);
    const id = idOf(message);
    if (id !== undefined) input.id = id;
    input.raw = rawOf(message);
  }
  return input;
}

const unread = new HearthError('invalid-event', 'The message has not been read.');

/** Everything but the event. */
function inputOf(message: Message): Input {
  const { principal, order, attempt, lastAttempt, now, traceparent } = message;
  const input: { -readonly [K in keyof Input]: Input[K] } = {
    event: unread,
    principal: isHearthError(principal) ? anonymous : principal,
  };
  if (order !== undefined) input.order = order;
  if (attempt !== undefined) input.attempt = attempt;
  if (lastAttempt !== undefined) input.lastAttempt = lastAttempt;
  if (now !== undefined) input.now = now;
  if (typeof traceparent === 'string' && traceContext.test(traceparent))
    input.traceparent = traceparent;
  return input;
}

function eventOf(message: Message): CloudEvent {
  const { contentType, attributes, prefix = 'ce-', sniff = false, limits, otherwise } = message;
  const body = bodyOf(message);
  checkLimit('body', body, 'maxBytes', limits);
  const format = formatOf(contentType);
  if (format === 'structured') return decodeStructured(body, limits);
  if (format === 'batch') throw batched();
  const pairs = attributesOf(attributes, prefix);
  if (pairs !== undefined) return readBinary(pairs, contentType, body, limits);
  if (message.json !== undefined || maySniff(sniff, contentType)) {
    const found = structuredIn(body, limits);
    if (found !== undefined) return found;
  }
  if (otherwise === undefined) throw nothing();
  if (isHearthError(otherwise)) throw otherwise;
  return plainEvent(otherwise, {
    body,
    contentType,
    ownId: message.ownId,
    transportId: () => idOf(message),
    limits,
  });
}

function bodyOf({ json, body }: Message): Body {
  if (json !== undefined) return writeJson(json);
  if (body === undefined || body === null) return '';
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return body;
  throw invalid('body', 'must be text or bytes');
}

function maySniff(sniff: boolean | 'json', contentType: string | undefined): boolean {
  if (sniff === false) return false;
  return !contentType || (sniff === 'json' && /^\s*application\/json\s*(?:;|$)/i.test(contentType));
}

function structuredIn(body: Body, limits: Partial<Limits> | undefined): CloudEvent | undefined {
  const value = mentions(body) ? parseJson(body, 1, limits) : undefined;
  const isEvent =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'specversion');
  return isEvent ? checkEvent(value, limits) : undefined;
}

/** Whether a body could be an event in JSON, told without parsing it. */
function mentions(body: Body): boolean {
  // Most plain payloads are no objects, or are so short that looking is cheap.
  if (typeof body !== 'string' && body[0] !== 0x7b && !isSpace(body[0])) return false;
  try {
    return /^\s*\{[^]*"specversion"/.test(toText(body));
  } catch {
    return false;
  }
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function idOf({ id }: Message): string | undefined {
  return typeof id === 'function' ? id() : id;
}

function nothing(): HearthError {
  const message = 'The message holds no CloudEvent, and nothing says what else it is.';
  return new HearthError('unsupported-media-type', message, { field: 'body' });
}

function batched(): HearthError {
  const fix = 'must be of one CloudEvent: a batch cannot come in one message';
  return invalid('content-type', fix, 'unsupported-media-type');
}

function unreadable(cause: unknown): HearthError {
  return new HearthError('invalid-event', 'The message could not be read.', { cause });
}
