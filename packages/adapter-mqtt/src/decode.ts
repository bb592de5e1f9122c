import { isHearthError } from '@hearth/core';
import type { Input } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { messageInput, type TopicMap } from '@hearth/core/trigger';
import type { PrincipalFrom, UserProperties } from './identity.ts';
import { places, type Topics } from './topics.ts';

/** What is needed of an MQTT PUBLISH; the packets of mqtt.js have this shape. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly properties?:
    | {
        readonly contentType?: string | undefined;
        readonly userProperties?: UserProperties | null | undefined;
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
export function decoderOf(known: TopicMap, limits?: Partial<Limits>): MqttDecoder {
  return ({ topic, payload, properties }, transportId) => {
    const place = known.at(topic);
    const users = properties?.userProperties ?? none;
    const { id, traceparent } = users;
    const input = messageInput({
      body: payload,
      contentType: properties?.contentType,
      attributes: users,
      prefix: '',
      // MQTT 3.1.1 has nothing that says what a payload is.
      sniff: true,
      otherwise: place.otherwise,
      principal: place.sender(users),
      id: transportId,
      ownId: typeof id === 'string' ? id : undefined,
      order: place.subject,
      traceparent,
      limits,
    });
    const { order, event } = input;
    if (order !== undefined) return { ...input, order };
    return { ...input, order: (isHearthError(event) ? undefined : event.subject) ?? topic };
  };
}

const none: UserProperties = {};
