import { HearthError, isHearthError, type Input, type Principal } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import {
  anonymous,
  messageInput,
  type Message,
  type Plain,
  type TopicRules,
} from '@hearth/core/trigger';
import { envelopeIn, envelopeOf, type Envelope } from './envelope.ts';
import { iotReader, type IotOptions, type IotReader } from './iot-message.ts';
import { recordOf } from './native.ts';
import { objectReader, type ObjectReader } from './stored-object.ts';

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

/** What a payload that is no CloudEvent becomes. The trigger knows a `source` and a `time` where they are left out. */
export type PlainPayload = Omit<Plain, 'source'> & Partial<Pick<Plain, 'source'>>;

/** How messages become events, the same for all services. */
export interface MessageOptions<Native> {
  /**
   * How the sender is known: a principal, if only that one may send here, or a function that uses nothing that a sender chooses; the error
   * that it gives refuses the message. Without it everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: Principal | ((message: AwsMessage<Native>) => Principal | HearthError);
  /** What a payload that is no CloudEvent becomes; without it, or where the function gives `undefined`, it is rejected. */
  readonly plain?: PlainPayload | ((message: AwsMessage<Native>) => PlainPayload | undefined);
  /**
   * Takes what a rule of AWS IoT with the SQL of `iotRuleSql` has put here: the device of the connection is who speaks. Give it only
   * where nobody else may send, and no rule with another SQL: whoever can choose a whole body can write such a one.
   */
  readonly iot?: IotOptions;
  /** What notifications of S3 become, by patterns of their keys such as `clips/{device}/{clip}`; their data is a `StoredObject`. */
  readonly objects?: TopicRules;
  readonly limits?: Partial<Limits>;
}

/** What a trigger knows of a message. */
export interface Found<Native> extends Pick<
  Message,
  | 'body'
  | 'json'
  | 'attributes'
  | 'contentType'
  | 'id'
  | 'order'
  | 'attempt'
  | 'lastAttempt'
  | 'traceparent'
> {
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
  const iot = options.iot === undefined ? undefined : iotReader(options.iot, options.limits);
  const inside = { options, iot, objects: objectReader(options.objects) };
  return (found) => {
    try {
      const envelope = found.json === undefined ? envelopeIn(found.body) : envelopeOf(found.json);
      return open(found, envelope, 0, inside);
    } catch (cause) {
      // Nobody knows of such a message, and none of them may take the others of its batch with it.
      return [
        refused(
          found,
          new HearthError('invalid-event', 'The message could not be read.', { cause }),
        ),
      ];
    }
  };
}

interface Inside<Native> {
  readonly options: MessageOptions<Native>;
  readonly iot: IotReader | undefined;
  readonly objects: ObjectReader;
}

function open<Native>(
  found: Found<Native>,
  envelope: Envelope | undefined,
  depth: number,
  inside: Inside<Native>,
  around?: Envelope,
): readonly Input[] {
  // Where nobody has said that only the rule may send, its shape is a payload like any other.
  if (envelope === undefined || (envelope.kind === 'iot' && inside.iot === undefined)) {
    return [read(found, around, inside.options)];
  }
  if (depth === deepest) return [refused(found, tooDeep())];
  const next = (inner: Found<Native>, wrapped?: Envelope) =>
    open(inner, wrapped ?? envelopeIn(inner.body), depth + 1, inside, envelope);
  if (envelope.kind === 'iot')
    return inside.iot === undefined ? [] : [inside.iot(envelope.iot, found)];
  if (envelope.kind === 's3') {
    return envelope.records.map((record) => readObject(found, record as never, envelope, inside));
  }
  if (envelope.kind === 'sns') return next(ofSns(found, envelope.sns));
  const { event } = envelope;
  if (event.source === 'aws.s3') return [readObject(found, event, envelope, inside)];
  const { body: _, ...rest } = found;
  const inner = {
    ...rest,
    json: event.detail,
    id: event.id,
    source: event.source,
    time: event.time,
  };
  return open(inner, envelopeOf(event.detail), depth + 1, inside, envelope);
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

function readObject<Native>(
  found: Found<Native>,
  native: Parameters<ObjectReader>[0],
  envelope: Envelope,
  { objects, options }: Inside<Native>,
): Input {
  const news = objects(native);
  if (isHearthError(news)) return refused({ ...found, json: native }, news);
  const { json, id, otherwise, principal } = news;
  const inner = { ...found, json, id };
  if (isHearthError(otherwise) && options.plain !== undefined) {
    return read({ ...inner, source: `arn:aws:s3:::${json.bucket}` }, envelope, options);
  }
  const sender = principal ?? principalOf(messageOf(inner, envelope), options.principal);
  return messageInput({ ...inner, principal: sender, otherwise, limits: options.limits });
}

function read<Native>(
  found: Found<Native>,
  envelope: Envelope | undefined,
  { principal, plain, limits }: MessageOptions<Native>,
): Input {
  const { native: _, source, time, ...rest } = found;
  const message = messageOf(found, envelope);
  const otherwise = plainOf(message, plain);
  return messageInput({
    ...rest,
    prefix,
    sniff: true,
    principal: principalOf(message, principal),
    otherwise:
      isHearthError(otherwise) || otherwise === undefined
        ? otherwise
        : { source: uriOf(source), time, ...otherwise },
    limits,
  });
}

/** What is no URI-reference even so is refused by the codec. */
function uriOf(source: string): string {
  return /\p{Cs}/u.test(source) ? source : encodeURI(source);
}

function messageOf<Native>(
  found: Found<Native>,
  envelope: Envelope | undefined,
): AwsMessage<Native> {
  const { native, body, json, attributes } = found;
  return { native, envelope, body: json ?? body, attributes: recordOf(attributes) };
}

function principalOf<Native>(
  message: AwsMessage<Native>,
  from: MessageOptions<Native>['principal'] = anonymous,
): Principal | HearthError {
  try {
    const sender: unknown = typeof from === 'function' ? from(message) : from;
    if (isHearthError(sender) || isPrincipal(sender)) return sender;
    throw new TypeError('The option "principal" gave no principal.');
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    const text = 'Who is speaking could not be found out.';
    return new HearthError('not-permitted', text, { field: 'principal', cause });
  }
}

function isPrincipal(sender: unknown): sender is Principal {
  const { kind, id } = recordOf(sender);
  return typeof kind === 'string' && typeof id === 'string';
}

function plainOf<Native>(
  message: AwsMessage<Native>,
  plain: MessageOptions<Native>['plain'],
): PlainPayload | HearthError | undefined {
  if (typeof plain !== 'function') return plain;
  try {
    return plain(message);
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    const text = 'The option "plain" could not say what the payload is.';
    return new HearthError('invalid-event', text, { field: 'plain', cause });
  }
}

/** An input that is rejected, with what came in its dead letter. */
export function refused<Native>(found: Found<Native>, principal: HearthError): Input {
  const { native: _, source: __, time: ___, ...rest } = found;
  return messageInput({ ...rest, principal });
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

function tooDeep(): HearthError {
  const message = `The message is wrapped in more than ${deepest} envelopes.`;
  return new HearthError('limit-exceeded', message, { field: 'body' });
}
