import { HearthError, isHearthError, type Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { givenOf, messageInput, recordOf, textOf, uriOf, type Message } from '@hearth/core/trigger';
import type { PlainFrom, PrincipalFrom } from '@hearth/core/trigger';

/** A message of Pub/Sub as it was delivered. */
export interface PubsubDelivery {
  readonly messageId: string;
  /** `projects/<project>/subscriptions/<name>`; empty if it was not told. */
  readonly subscription: string;
  /** Whoever publishes chooses them, a bridge for instance. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Uint8Array | undefined;
  readonly orderingKey?: string;
  readonly publishTime?: string;
  /** Counts from 1; told only where the subscription has a dead-letter topic. */
  readonly deliveryAttempt?: number;
}

/** How messages of Pub/Sub become events. */
export interface PubsubDecodeOptions {
  /**
   * How the sender of a message is known: a principal, if only that one may publish to the topic, or a function such as `bridgedDevice`,
   * which must use nothing that a device can choose. Without it everybody is anonymous, and speaks for nothing.
   */
  readonly principal?: PrincipalFrom<PubsubDelivery>;
  /**
   * What a payload that is no CloudEvent becomes; without it, or where the function gives `undefined`, it is rejected. The trigger knows a
   * `source`, a `time`, and the device that speaks as `subject`, where they are left out.
   */
  readonly plain?: PlainFrom<PubsubDelivery>;
  /**
   * `max_delivery_attempts` of the subscription's dead-letter policy: a step that fails at the last one becomes a dead letter of ours, with
   * its reason.
   */
  readonly maxDeliveryAttempts?: number;
  readonly limits?: Partial<Limits>;
}

/** What is known of a message besides what was pushed. */
export interface Around {
  /** The source of a plain payload; that of the subscription unless given. */
  readonly source?: string | undefined;
  readonly traceparent?: unknown;
}

/** Reads the body of a push, `{ message, subscription }`. Never throws; `raw` is kept for the dead letter of what is none. */
export function readDelivery(
  pushed: unknown,
  raw: Message['body'],
  options: PubsubDecodeOptions,
  around: Around = {},
): Input {
  const delivery = deliveryOf(pushed);
  if (isHearthError(delivery)) {
    const { messageId: id } = recordOf(recordOf(pushed)['message']);
    return messageInput({ body: raw, principal: delivery, id: textOf(id) });
  }
  const { attributes, data, messageId, orderingKey, deliveryAttempt: attempt } = delivery;
  const { maxDeliveryAttempts: most, limits } = options;
  const { source = `//pubsub.googleapis.com/${uriOf(delivery.subscription)}` } = around;
  const time = delivery.publishTime;
  return messageInput({
    ...givenOf(options, delivery, { source, time }),
    attributes,
    attempt,
    limits,
    body: data,
    contentType: attributes['content-type'] ?? attributes['Content-Type'],
    sniff: true,
    id: messageId,
    order: orderingKey,
    lastAttempt: attempt === undefined || most === undefined ? undefined : attempt >= most,
    traceparent:
      attributes['traceparent'] ?? attributes['googclient_traceparent'] ?? around.traceparent,
  });
}

/** The message of a push. The emulator spells some names in another way, and leaves others out. */
function deliveryOf(pushed: unknown): PubsubDelivery | HearthError {
  const { message, subscription, deliveryAttempt } = recordOf(pushed);
  const it = recordOf(message);
  const messageId = textOf(it['messageId']) ?? textOf(it['message_id']);
  if (messageId === undefined) {
    return noPush('This is no push of Pub/Sub, wrapped as it should be: it has no "messageId".');
  }
  const data = bytesOf(it['data']);
  if (isHearthError(data)) return data;
  const orderingKey = textOf(it['orderingKey'] ?? it['ordering_key']);
  const publishTime = textOf(it['publishTime'] ?? it['publish_time']);
  return {
    messageId,
    data,
    subscription: textOf(subscription) ?? '',
    attributes: textsOf(it['attributes']),
    ...(orderingKey === undefined ? {} : { orderingKey }),
    ...(publishTime === undefined ? {} : { publishTime }),
    ...(isCount(deliveryAttempt) ? { deliveryAttempt } : {}),
  };
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;

// Both alphabets are in use.
const base64 = /^[\w+/-]*={0,2}$/;

function bytesOf(data: unknown): Uint8Array | undefined | HearthError {
  if (data === undefined || data === null) return undefined;
  if (typeof data === 'string' && base64.test(data)) return Buffer.from(data, 'base64');
  return noPush('"data" of the message must be base64.');
}

function noPush(message: string): HearthError {
  return new HearthError('invalid-event', message, { field: 'message' });
}

/** The texts of a record; what is none is left out. */
function textsOf(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(recordOf(value)).filter(([, text]) => typeof text === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}
