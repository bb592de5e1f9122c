import type { PublishCommandInput } from '@aws-sdk/client-iot-data-plane';
import { encodeMqtt, HearthError, type CloudEvent } from '@hearth/core/event';
import type { Outgoing } from '@hearth/core/ports';
import type { CompiledRoute } from './iot-route.ts';

// What AWS IoT takes as a payload, and as user properties.
const most = { payload: 131_072, properties: 8_192 };

/**
 * What is asked of AWS IoT for an event.
 *
 * @throws {HearthError} `limit-exceeded`, `invalid-topic`, `expired`, and what the codec throws for an event that has no binary mode.
 */
export function publishInput(
  route: CompiledRoute,
  outgoing: Outgoing,
  now: number,
): PublishCommandInput {
  const { payload, contentType, properties } = messageOf(route, outgoing);
  assertFits(route, 'a payload', payload.byteLength, most.payload);
  const userProperties = JSON.stringify(properties);
  assertFits(route, 'user properties', Buffer.byteLength(userProperties), most.properties);
  return {
    topic: route.topicOf(outgoing.event),
    qos: 1,
    retain: route.retain,
    payload,
    ...(contentType === undefined ? {} : { contentType }),
    ...(properties.length === 0 ? {} : { userProperties }),
    ...expiryOf(outgoing.event, now),
  };
}

interface Message {
  readonly payload: Uint8Array;
  readonly contentType: string | undefined;
  /** One object for each property, as AWS IoT wants them. */
  readonly properties: readonly Readonly<Record<string, string>>[];
}

function messageOf(route: CompiledRoute, { event, body, traceparent }: Outgoing): Message {
  if (route.payload === 'event') {
    return {
      payload: Buffer.from(body),
      contentType: 'application/cloudevents+json; charset=utf-8',
      properties: traceparent === undefined ? [] : [{ traceparent }],
    };
  }
  const { payload, properties } = encodeMqtt(event, { version: 5, mode: 'binary' });
  return {
    payload: Buffer.from(payload),
    contentType: properties?.contentType,
    properties: Object.entries(properties?.userProperties ?? {}).map(([name, value]) => ({
      [name]: value,
    })),
  };
}

function assertFits({ pattern }: CompiledRoute, what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return;
  const message = `"${pattern}": ${what} of ${bytes} bytes; AWS IoT takes ${limit}.`;
  throw new HearthError('limit-exceeded', message);
}

/** What the broker must not deliver any more once it has expired. */
function expiryOf(
  { expirytime, type }: CloudEvent,
  now: number,
): Pick<PublishCommandInput, 'messageExpiry'> {
  if (expirytime === undefined) return {};
  const leftMs = Date.parse(expirytime) - now;
  if (leftMs <= 0) {
    throw new HearthError('expired', `"${type}" had to be sent before ${expirytime}.`);
  }
  return { messageExpiry: Math.ceil(leftMs / 1000) };
}
