import { readBinary, structuredType, writeBinary } from './binary.ts';
import type { CloudEvent } from './cloud-event.ts';
import { invalid } from './error.ts';
import { decodeStructured, encodeStructured } from './json.ts';
import type { Limits } from './limits.ts';
import { formatOf, unsupported } from './media-type.ts';
import { toBytes, toText } from './utf8.ts';

/** What is needed of an MQTT PUBLISH; the packets of mqtt.js and aedes have this shape. */
export interface MqttInput {
  readonly payload: string | Uint8Array;
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

/** What an MQTT PUBLISH must have to hold an event; MQTT 3.1.1 has no properties. */
export interface MqttOutput {
  readonly payload: Uint8Array;
  readonly properties?: {
    readonly contentType?: string;
    readonly userProperties?: Record<string, string>;
  };
}

/** The content modes of CloudEvents 1.0.2 MQTT binding §3. */
export type MqttMode = 'binary' | 'structured';

/** The protocol level of the connection, 4 for MQTT 3.1.1, which has only structured mode. */
export type MqttOptions =
  | { readonly version: 4; readonly mode?: 'structured' }
  | { readonly version?: 5; readonly mode?: MqttMode };

/**
 * Tells in which mode an MQTT message holds an event; `undefined` if it is a plain payload.
 *
 * Without any properties, as in MQTT 3.1.1, a JSON object that mentions `specversion` is taken for
 * a structured event.
 *
 * @throws {HearthError} `unsupported-media-type` for an event in a format other than JSON.
 */
export function mqttMode({ payload, properties = {} }: MqttInput): MqttMode | undefined {
  const { contentType, userProperties } = properties;
  const format = formatOf(contentType);
  if (format) return format === 'batch' ? undefined : format;
  if (userProperties?.['specversion'] !== undefined) return 'binary';
  return !contentType && looksStructured(payload) ? 'structured' : undefined;
}

/**
 * Reads the event of an MQTT message in either mode (CloudEvents 1.0.2 MQTT binding §3).
 *
 * User properties whose names cannot be attributes belong to somebody else and are left alone.
 *
 * @throws {HearthError} `unsupported-media-type` for a plain payload, `invalid-event` with the
 * `field`, or `limit-exceeded`.
 */
export function decodeMqtt(message: MqttInput, limits?: Partial<Limits>): CloudEvent {
  const { payload, properties } = message;
  const mode = mqttMode(message);
  if (mode === undefined) throw unsupported();
  if (mode === 'structured') return decodeStructured(payload, limits);
  const pairs = Object.entries(properties?.userProperties ?? {}).flatMap(([name, value]) => {
    if (!/^[a-z\d]+$/.test(name)) return [];
    if (typeof value !== 'string') throw invalid(name, 'must be sent once');
    return [[name, value] as const];
  });
  return readBinary(pairs, properties?.contentType, payload, limits);
}

/**
 * Writes an event as an MQTT message; binary mode over MQTT 5 unless said otherwise.
 *
 * @throws {HearthError} `invalid-event` with the `field`; `unsupported-media-type` if data labelled
 * as a CloudEvent is to be sent in binary mode.
 */
export function encodeMqtt(
  event: CloudEvent,
  options: MqttOptions = {},
  limits?: Partial<Limits>,
): MqttOutput {
  if (options.version === 4) return { payload: toBytes(encodeStructured(event, limits)) };
  if (options.mode === 'structured') {
    const payload = toBytes(encodeStructured(event, limits));
    return { payload, properties: { contentType: structuredType } };
  }
  const { type, attributes, body } = writeBinary(event, limits);
  const contentType = type === undefined ? {} : { contentType: type };
  const userProperties = Object.fromEntries(attributes);
  return { payload: toBytes(body), properties: { ...contentType, userProperties } };
}

function looksStructured(payload: string | Uint8Array): boolean {
  try {
    return /^\s*\{[^]*"specversion"/.test(toText(payload));
  } catch {
    return false;
  }
}
