import { isUtf8 } from 'node:buffer';
import { HearthError, isHearthError } from '@hearth/core';
import type { CloudEvent, Input, Principal } from '@hearth/core';
import {
  checkEvent,
  decodeMqtt,
  decodeStructured,
  defaultLimits,
  mqttMode,
  toBase64,
  type Limits,
} from '@hearth/core/event';
import { anonymous, type PrincipalFrom } from './identity.ts';
import { places, type Place, type Places, type TopicOptions, type Topics } from './topics.ts';

/** What is needed of an MQTT PUBLISH; the packets of mqtt.js have this shape. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly properties?:
    | {
        readonly contentType?: string | undefined;
        readonly userProperties?:
          | Readonly<Record<string, string | readonly string[]>>
          | null
          | undefined;
      }
    | undefined;
}

/** How messages become events. */
export interface MqttDecodeOptions {
  readonly topics: Topics;
  /** How the sender of a message is known; `anonymous` unless given, who may speak for nothing. */
  readonly principal?: PrincipalFrom;
  /** What a message may cost before it is refused. */
  readonly limits?: Partial<Limits>;
}

/** Makes an input of a message. `transportId` is asked for the id of a message that has none of its own. */
export type MqttDecoder = (
  message: MqttMessage,
  transportId: () => string,
) => Input & { readonly order: string };

/**
 * Makes the function by which the trigger reads messages; it never throws: what cannot be read becomes an input that is rejected.
 *
 * A CloudEvent in the payload is taken as it is (MQTT 5 binary and structured, MQTT 3.1.1 structured). A plain payload becomes an event
 * of the pattern's `type` about the topic's `{device}`. Its id is the user property `id`, else the pattern's `id` property of the
 * payload, else one of the transport. Messages of one device are in order.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for patterns that cannot be used.
 */
export function mqttDecoder(options: MqttDecodeOptions): MqttDecoder {
  return decoderOf(places(options.topics, options.principal ?? 'anonymous'), options.limits);
}

/** The decoder for compiled patterns. */
export function decoderOf(known: Places, given: Partial<Limits> = {}): MqttDecoder {
  const limits = { ...defaultLimits, ...given };
  return (message, transportId) => {
    const place = known.find(message.topic);
    const { traceparent } = usersOf(message);
    const common = typeof traceparent === 'string' ? { traceparent } : {};
    let principal = anonymous;
    try {
      principal = principalOf(place, message);
      const event = eventOf(place, message, transportId, limits);
      const order = place?.subject ?? event.subject ?? message.topic;
      return { ...common, event, principal, order };
    } catch (cause) {
      const event = isHearthError(cause) ? cause : unreadable(cause);
      const order = place?.subject ?? message.topic;
      return { ...common, event, principal, order, id: transportId(), raw: rawOf(message) };
    }
  };
}

const none: Readonly<Record<string, string | readonly string[]>> = {};

function usersOf({ properties }: MqttMessage) {
  return properties?.userProperties ?? none;
}

function principalOf(place: Place | undefined, message: MqttMessage): Principal {
  if (place === undefined) return anonymous;
  const { topic } = message;
  const known = place.identify({ topic, params: place.params, userProperties: usersOf(message) });
  if (isHearthError(known)) throw known;
  return known;
}

function eventOf(
  place: Place | undefined,
  message: MqttMessage,
  transportId: () => string,
  limits: Limits,
): CloudEvent {
  if (isNamed(message)) return decodeMqtt(message, limits);
  // MQTT 3.1.1 has nothing that says what a payload is.
  if (isUnlabelled(message) && mentions(message.payload))
    return decodeStructured(message.payload, limits);
  if (place?.options.type !== undefined) return plainOf(place, message, transportId, limits);
  const why = place === undefined ? 'no topic pattern matches' : 'the topic pattern has no type';
  throw new HearthError('unsupported-media-type', `The message holds no CloudEvent, and ${why}.`, {
    field: 'topic',
  });
}

/** Whether properties of MQTT 5 say that the message holds an event. */
function isNamed(message: MqttMessage): boolean {
  const { properties } = message;
  if (!properties?.contentType && properties?.userProperties?.['specversion'] === undefined)
    return false;
  return mqttMode(message) !== undefined;
}

const isUnlabelled = ({ properties }: MqttMessage): boolean => !properties?.contentType;

function mentions(payload: Uint8Array): boolean {
  return (
    payload[0] === 0x7b &&
    Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).includes('"specversion"')
  );
}

function plainOf(
  { options, params, source, subject }: Place,
  message: MqttMessage,
  transportId: () => string,
  limits: Limits,
): CloudEvent {
  const { type = '', contentType = 'application/json', id: property, data: dataOf } = options;
  const { id: sent } = usersOf(message);
  const own = typeof sent === 'string' && sent !== '' ? sent : undefined;
  // An id in the payload takes the place of the dash once the payload has been read.
  const id = own ?? (property === undefined ? transportId() : '-');
  const userProperties = { specversion: '1.0', id, source, type, subject: subject ?? '' };
  const labelled = { contentType: message.properties?.contentType || contentType, userProperties };
  const event = decodeMqtt({ payload: message.payload, properties: labelled }, limits);
  if (property === undefined && dataOf === undefined) return event;
  const { datacontenttype: _, data_base64, ...rest } = event;
  const named = id === '-' ? { ...rest, id: idIn(event.data, property) ?? transportId() } : rest;
  if (dataOf === undefined) return checkEvent({ ...event, ...named }, limits);
  // The content type was that of the payload.
  return checkEvent(
    { ...named, data: dataFrom(dataOf, event.data ?? data_base64, params) },
    limits,
  );
}

function idIn(data: unknown, property = ''): string | undefined {
  const value: unknown = Object.hasOwn(Object(data) as object, property)
    ? (data as Readonly<Record<string, unknown>>)[property]
    : undefined;
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
    ? String(value)
    : undefined;
}

function dataFrom(
  make: NonNullable<TopicOptions['data']>,
  payload: unknown,
  params: Place['params'],
): unknown {
  try {
    return make(payload, params);
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    throw new HearthError('invalid-data', 'No data could be made of the payload.', {
      field: 'data',
      cause,
    });
  }
}

function unreadable(cause: unknown): HearthError {
  return new HearthError('invalid-event', 'The message could not be read.', { cause });
}

const mostRaw = 65_536;

/** The payload for a dead letter: its text, or base64; no more than 64 KiB of it. */
function rawOf({ payload }: MqttMessage): string {
  const bytes = Buffer.from(
    payload.buffer,
    payload.byteOffset,
    Math.min(payload.byteLength, mostRaw),
  );
  return isUtf8(bytes) || payload.byteLength > mostRaw ? bytes.toString() : toBase64(bytes);
}
