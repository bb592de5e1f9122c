import type { Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { givenOf, messageInput, type Message } from '@hearth/core/trigger';
import type { PlainFrom, PrincipalFrom } from '@hearth/core/trigger';

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
export type MessagePrincipal = PrincipalFrom<AzureMessage>;

/** How messages become events. */
export interface MessageOptions {
  readonly principal?: MessagePrincipal;
  /**
   * What a payload that is no CloudEvent becomes; without it, or where the function gives `undefined`, it is rejected. The trigger knows a
   * `source`, a `time`, and the device that speaks as `subject`, where they are left out.
   */
  readonly plain?: PlainFrom<AzureMessage>;
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

/** Reads a message into an input. */
export function readMessage(message: AzureMessage, native: Native, options: MessageOptions): Input {
  const { source, time, json, ...rest } = native;
  return messageInput({
    ...rest,
    ...bodyOf(message.body, json),
    ...givenOf(options, message, { source, time }),
    prefix,
    // IoT Hub routes by what is in a message only if it says that it is JSON.
    sniff: 'json',
    contentType: message.contentType,
    attributes: message.properties,
    limits: options.limits,
  });
}

/** A host that was not asked for bytes has parsed what looked like JSON. */
function bodyOf(body: unknown, json: unknown): Pick<Message, 'body' | 'json'> {
  if (json !== undefined) return { json };
  if (body === undefined || body === null || typeof body === 'string') return { body };
  return ArrayBuffer.isView(body) ? { body: body as Uint8Array } : { json: body };
}
