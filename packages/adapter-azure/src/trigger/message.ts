import { HearthError, isHearthError, type Input, type Principal } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { anonymous, messageInput, type Message, type Plain } from '@hearth/core/trigger';

/** A message of Event Hubs, IoT Hub, Service Bus or Event Grid, as far as the host tells of it. */
export interface AzureMessage {
  /** The body as the host handed it in: bytes, unless it was configured otherwise. */
  readonly body: unknown;
  readonly contentType?: string | undefined;
  /** Application properties: whoever sends a message chooses them. */
  readonly properties: Readonly<Record<string, unknown>>;
  /**
   * What the service says of it. A sender chooses some of them as well, such as `message-id` and `user-id`; nobody chooses those that
   * begin with `iothub-connection-` where only IoT Hub may send.
   */
  readonly systemProperties: Readonly<Record<string, unknown>>;
  /** The Event Hubs partition key, or the Service Bus session. */
  readonly key?: string | undefined;
}

/**
 * How the sender of a message is known: a principal, if only that one may send here, or a function, such as `iotHubDevice`, which must use
 * nothing that a sender chooses; the error that it gives refuses the message. Without it everybody is anonymous, and speaks for nothing.
 */
export type MessagePrincipal = Principal | ((message: AzureMessage) => Principal | HearthError);

/** What a payload that is no CloudEvent becomes. `subject` and `source` are chosen by the trigger where they are left out. */
export type PlainPayload = Omit<Plain, 'source'> & Partial<Pick<Plain, 'source'>>;

/** How messages become events. */
export interface MessageOptions {
  readonly principal?: MessagePrincipal;
  /** What a payload that is no CloudEvent becomes; without it, or where the function gives `undefined`, it is rejected. */
  readonly plain?: PlainPayload | ((message: AzureMessage) => PlainPayload | undefined);
  readonly limits?: Partial<Limits>;
}

/** What a trigger knows of a message besides. */
export interface Native extends Pick<
  Message,
  'attempt' | 'lastAttempt' | 'order' | 'traceparent' | 'id' | 'json'
> {
  /** The source of a plain payload. */
  readonly source: string;
  /** The instant of a plain payload: when the service took it in. */
  readonly time?: string | undefined;
}

// AMQP has had two spellings; the last one is what HTTP and careless publishers use.
const prefix = ['cloudEvents:', 'cloudEvents_', 'ce-'];

/** Reads a message into an input; never throws. */
export function readMessage(message: AzureMessage, native: Native, options: MessageOptions): Input {
  const { source, time, json, ...rest } = native;
  const principal = principalOf(message, options.principal);
  return messageInput({
    ...rest,
    ...bodyOf(message.body, json),
    principal,
    prefix,
    // IoT Hub routes by what is in a message only if it says that it is JSON.
    sniff: 'json',
    contentType: message.contentType,
    attributes: message.properties,
    otherwise: plainOf(message, { source, time, principal }, options.plain),
    limits: options.limits,
  });
}

/** A host that was not asked for bytes has parsed what looked like JSON. */
function bodyOf(body: unknown, json: unknown): Pick<Message, 'body' | 'json'> {
  if (json !== undefined) return { json };
  if (body === undefined || body === null || typeof body === 'string') return { body };
  return ArrayBuffer.isView(body) ? { body: body as Uint8Array } : { json: body };
}

function principalOf(
  message: AzureMessage,
  from: MessagePrincipal = anonymous,
): Principal | HearthError {
  if (typeof from !== 'function') return from;
  try {
    return from(message);
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    const text = 'Who is speaking could not be found out.';
    return new HearthError('not-permitted', text, { field: 'principal', cause });
  }
}

interface Known {
  readonly source: string;
  readonly time: string | undefined;
  readonly principal: Principal | HearthError;
}

function plainOf(
  message: AzureMessage,
  { source, time, principal }: Known,
  given: MessageOptions['plain'],
): Plain | HearthError | undefined {
  let plain = given;
  try {
    if (typeof plain === 'function') plain = plain(message);
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    return new HearthError('invalid-event', 'The option "plain" could not say what it is.', {
      field: 'plain',
      cause,
    });
  }
  if (plain === undefined) return undefined;
  const own = isHearthError(principal) || principal.kind !== 'device' ? undefined : principal.id;
  return { source, time, subject: own, ...plain };
}
