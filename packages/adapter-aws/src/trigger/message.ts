import { HearthError, isHearthError, type Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { messageInput, plainFrom, principalFrom, type Message } from '@hearth/core/trigger';
import type { PlainFrom, PrincipalFrom } from '@hearth/core/trigger';
import { envelopeIn, envelopeOf, type Envelope } from './envelope.ts';
import type { IotReader } from './iot-message.ts';
import { recordOf } from './native.ts';
import type { ObjectReader } from './stored-object.ts';

/** A message as the functions of the options see it. */
export interface AwsMessage<Native> {
  /** What the service handed in. */
  readonly native: Native;
  /** The innermost envelope in which the message was wrapped, if it was. */
  readonly envelope: Envelope | undefined;
  /** The body without its envelopes: text or bytes, or whatever came instead. */
  readonly body: unknown;
  /** The properties of the message; whoever sends it chooses them. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** How messages become events, the same for all services. */
export interface MessageOptions<Native> {
  /**
   * How the sender is known: a principal, if only that one may send here, or a function that uses nothing that a sender chooses; the error
   * that it gives refuses the message. Without it everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: PrincipalFrom<AwsMessage<Native>>;
  /**
   * What a payload that is no CloudEvent becomes; without it, or where the function gives `undefined`, it is rejected. The trigger knows
   * a `source` and a `time` where they are left out.
   */
  readonly plain?: PlainFrom<AwsMessage<Native>>;
  /** Takes what a rule of AWS IoT has put here, `iotMessages()`: the device of the connection is who speaks. */
  readonly iot?: IotReader;
  /** What notifications of S3 become: `storedObjects({ 'clips/{device}/{clip}': { type } })`. */
  readonly objects?: ObjectReader;
  readonly limits?: Partial<Limits>;
}

/** What a trigger knows of a message; `principal` and `otherwise` where an envelope knows more than the options. */
export interface Found<Native>
  extends
    Partial<Pick<Message, 'principal'>>,
    Omit<Message, 'principal' | 'prefix' | 'sniff' | 'limits'> {
  readonly native: Native;
  /** The source and the time of a plain payload. */
  readonly source: string;
  readonly time?: string | number | undefined;
}

/** Reads a message into its inputs: one, or of a notification of S3 one for each record. Never throws. */
export type Reader<Native> = (found: Found<Native>) => readonly Input[];

/** How many envelopes are taken off, one inside the other. */
const deepest = 3;
// What CloudEvents over Kafka and HTTP call their attributes; there is no binding for the services of AWS.
const prefix = ['ce-', 'ce_'];

/** Compiles options into a reader. */
export function messageReader<Native>(options: MessageOptions<Native>): Reader<Native> {
  return (found) => {
    try {
      const envelope = found.json === undefined ? envelopeIn(found.body) : envelopeOf(found.json);
      return open(found, envelope, 0, options);
    } catch (cause) {
      // Nobody knows of such a message, and it must not take the others of its batch with it.
      const message = 'The message could not be read.';
      return [refused(found, new HearthError('invalid-event', message, { cause }))];
    }
  };
}

function open<Native>(
  found: Found<Native>,
  envelope: Envelope | undefined,
  depth: number,
  options: MessageOptions<Native>,
  around?: Envelope,
): readonly Input[] {
  // Where nobody has said that only the rule may send, its shape is a payload like any other.
  if (envelope === undefined || (envelope.kind === 'iot' && options.iot === undefined)) {
    return [asMessage(found, around, options)];
  }
  if (depth === deepest) {
    const message = `The message is wrapped in more than ${deepest} envelopes.`;
    return [refused(found, new HearthError('limit-exceeded', message, { field: 'body' }))];
  }
  const { iot, limits } = options;
  if (envelope.kind === 'iot') return iot === undefined ? [] : [iot(envelope.iot, found, limits)];
  if (envelope.kind === 's3') {
    return envelope.records.map((record) => asObject(found, record, envelope, options));
  }
  if (envelope.kind === 'sns') {
    const inner = ofSns(found, envelope.sns);
    return open(inner, envelopeIn(inner.body), depth + 1, options, envelope);
  }
  const { detail, id, source, time } = envelope.event;
  if (source === 'aws.s3' && options.objects !== undefined)
    return [asObject(found, envelope.event, envelope, options)];
  const inner = { ...found, body: undefined, json: detail ?? null, id, source, time };
  return open(inner, envelopeOf(detail), depth + 1, options, envelope);
}

function ofSns<Native>(found: Found<Native>, sns: Extract<Envelope, { kind: 'sns' }>['sns']) {
  const attributes = valuesOf(sns.MessageAttributes);
  const { json: _, ...rest } = found;
  return {
    ...rest,
    body: sns.Message,
    attributes,
    contentType: contentTypeIn(attributes),
    traceparent: attributes['traceparent'] ?? found.traceparent,
    id: sns.MessageId,
    source: sns.TopicArn,
    time: sns.Timestamp,
  };
}

/** The values of attributes as SNS writes them: `{ name: { Type, Value } }`. */
export function valuesOf(attributes: unknown): Readonly<Record<string, unknown>> {
  const pairs = Object.entries(recordOf(attributes));
  return Object.fromEntries(pairs.map(([name, one]) => [name, recordOf(one)['Value']]));
}

/** The content type that a sender names among the attributes of a message. */
export function contentTypeIn(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const type = attributes['content-type'] ?? attributes['contentType'];
  return typeof type === 'string' ? type : undefined;
}

function asObject<Native>(
  found: Found<Native>,
  native: unknown,
  envelope: Envelope,
  options: MessageOptions<Native>,
): Input {
  const news = options.objects?.(native) ?? { json: native };
  if (isHearthError(news)) return refused({ ...found, json: native }, news);
  return asMessage({ ...found, body: undefined, ...news }, envelope, options);
}

function asMessage<Native>(
  found: Found<Native>,
  envelope: Envelope | undefined,
  options: MessageOptions<Native>,
): Input {
  const { native, body, json, attributes, source, time } = found;
  const message = { native, envelope, body: json ?? body, attributes: recordOf(attributes) };
  return messageInput({
    ...found,
    prefix,
    sniff: true,
    principal: found.principal ?? principalFrom(options.principal, message),
    otherwise:
      found.otherwise ?? plainFrom(options.plain, message, { source: uriOf(source), time }),
    limits: options.limits,
  });
}

/** What is no URI-reference even so is refused by the codec. */
function uriOf(source: string): string {
  return /\p{Cs}/u.test(source) ? source : encodeURI(source);
}

/** An input that is rejected, with what came in its dead letter. */
export function refused<Native>(found: Found<Native>, principal: HearthError): Input {
  return messageInput({ ...found, principal });
}

/** Reads a record, unless it is of another service: then it is refused, and whoever looks at the dead letters finds the mistake. */
export function readFrom<Native>(
  reader: Reader<Native>,
  found: Found<Native>,
  source: unknown,
  expected: string,
): readonly Input[] {
  if (source === expected) return reader(found);
  const message = `The record must be of "${expected}"; check which service invokes this function.`;
  const error = new HearthError('invalid-event', message, { field: 'eventSource' });
  return [refused(found.body === undefined ? { ...found, json: found.native } : found, error)];
}
