import { HearthError, isHearthError, type Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import {
  carefully,
  givenOf,
  messageInput,
  recordOf,
  uriOf,
  type Message,
} from '@hearth/core/trigger';
import type { PlainFrom, PrincipalFrom } from '@hearth/core/trigger';
import { envelopeIn, envelopeOf, type Envelope } from './envelope.ts';
import type { IotReader } from './iot-message.ts';
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

/** Whether the options say anything by which a sender could be known. */
export function isProved({ principal, iot, objects }: MessageOptions<never>): boolean {
  return [principal, iot, objects].some((one) => one !== undefined);
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

/** Reads a message into its inputs: one, or of a notification of S3 one for each record. */
export type Reader<Native> = (found: Found<Native>) => readonly Input[];

/** How many envelopes are taken off, one inside the other. */
const deepest = 3;
// What CloudEvents over Kafka and HTTP call their attributes; there is no binding for the services of AWS.
const prefix = ['ce-', 'ce_'];

/** Compiles options into a reader. */
export function messageReader<Native>(options: MessageOptions<Native>): Reader<Native> {
  return (found) => {
    const envelope = found.json === undefined ? envelopeIn(found.body) : envelopeOf(found.json);
    return open(found, envelope, 0, options);
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
  const from = found.principal ?? options.principal;
  const given = givenOf(
    { plain: options.plain, principal: isHearthError(from) ? () => from : from },
    message,
    { source: uriOf(source), time },
  );
  return messageInput({
    ...found,
    prefix,
    sniff: true,
    ...given,
    otherwise: found.otherwise ?? given.otherwise,
    limits: options.limits,
  });
}

/** An input that is rejected, with what came in its dead letter. */
export function refused<Native>(found: Found<Native>, principal: HearthError): Input {
  return messageInput({ ...found, principal });
}

type NativeRecord = Readonly<Record<string, unknown>>;

/**
 * Compiles options into a reader of the records of an event, which never throws; `foundOf` says what is known of a record. One of another
 * service than the expected one is refused, and whoever looks at the dead letters finds the mistake.
 */
export function recordReader<Native>(
  expected: string,
  options: MessageOptions<Native>,
  foundOf: (record: NativeRecord) => Found<Native>,
): (native: unknown) => readonly Input[] {
  const read = messageReader(options);
  const message = `The record must be of "${expected}"; check which service invokes this function.`;
  return (native) =>
    carefully(native, () => {
      const record = recordOf(native);
      const found = foundOf(record);
      if ((record['eventSource'] ?? record['EventSource']) === expected) return read(found);
      const error = new HearthError('invalid-event', message, { field: 'eventSource' });
      return [refused(found.body === undefined ? { ...found, json: found.native } : found, error)];
    });
}
