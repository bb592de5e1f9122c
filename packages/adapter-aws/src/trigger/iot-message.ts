import { HearthError, isHearthError, type Input, type Principal } from '@hearth/core';
import { isBase64, type Limits } from '@hearth/core/event';
import {
  anonymous,
  messageInput,
  recordOf,
  topicMap,
  type Message,
  type TopicMap,
} from '@hearth/core/trigger';
import type { Place, Plain, TopicPrincipal, TopicRules } from '@hearth/core/trigger';
import type { IotMessage } from './envelope.ts';

/** How messages of a rule of AWS IoT with the SQL of `iotRuleSql` are read. */
export interface IotOptions {
  /**
   * What plain payloads are, by patterns of their topics such as `device/{device}/temperature`; the first that matches counts. A
   * CloudEvent is taken on every topic.
   */
  readonly topics?: TopicRules;
  /**
   * How the sender is known: the client id is the device and the id of its certificate the `credential`, unless given. That holds where the policy of the certificates binds the client
   * id to the thing, as `devicePolicy` does. A function finds `clientid` and `principal` among `attributes`, which are those of the
   * connection and not those that a device chooses.
   */
  readonly principal?: TopicPrincipal;
}

/** Reads a message of the rule; what is around it says the rest. Never throws. */
export type IotReader = (
  iot: IotMessage,
  around: Pick<Message, 'id' | 'order' | 'attempt' | 'lastAttempt' | 'traceparent'>,
  limits?: Partial<Limits>,
) => Input;

// What `clientid()` gives for a message that did not come by MQTT.
const noClient = new Set(['', 'n/a', 'N/A']);

/** The device of a connection. */
function clientOf(connection: Readonly<Record<string, unknown>>): Principal {
  const { clientid: id, principal: credential } = connection;
  if (typeof id !== 'string' || noClient.has(id)) return anonymous;
  // The id of the certificate, which AWS IoT makes of its fingerprint.
  if (typeof credential !== 'string' || noClient.has(credential)) return { kind: 'device', id };
  return { kind: 'device', id, credential };
}

/**
 * Says that a queue or a stream gets its messages from a rule of AWS IoT with the SQL of `iotRuleSql`: the `iot` of a trigger.
 *
 * Give it only where nobody else may send, and no rule with another SQL: whoever can choose a whole body can write one of this shape.
 *
 * @throws {HearthError} `invalid-topic` or `invalid-option` for patterns that cannot be used.
 */
export function iotMessages(options: IotOptions = {}): IotReader {
  const { principal = ({ attributes }) => clientOf(attributes) } = options;
  const map = topicMap(options.topics ?? {}, { principal });
  const elsewhere = topicMap({ anywhere: {} }, { principal }).at('anywhere');
  return (iot, around, limits) => {
    const place = placeOf(map, elsewhere, iot);
    const users = usersOf(iot);
    const body = bodyOf(iot);
    const { id, order, attempt, lastAttempt } = around;
    const [ownId, traceparent] = ['id', 'traceparent'].map(
      (name) => users.find(([one]) => one === name)?.[1],
    );
    return messageInput({
      attempt,
      lastAttempt,
      body: isHearthError(body) ? iot.data_base64 : body,
      contentType: iot.ct,
      attributes: users,
      prefix: '',
      sniff: true,
      ownId,
      id: typeof iot.traceid === 'string' ? iot.traceid : id,
      traceparent: traceparent ?? around.traceparent,
      principal: isHearthError(body)
        ? body
        : place.sender({ clientid: iot.clientid, principal: iot.principal }),
      order: order ?? place.subject ?? iot.clientid,
      otherwise: otherwiseOf(place, iot),
      limits,
    });
  };
}

/** The place of a topic. Where no pattern matches, the connection still says who is speaking. */
function placeOf(map: TopicMap, elsewhere: Place, { topic }: IotMessage): Place {
  const place = map.at(topic);
  return place.pattern === undefined ? { ...place, sender: elsewhere.sender } : place;
}

/** The payload as the device sent it. */
function bodyOf({ data_base64: base64 }: IotMessage): Uint8Array | HearthError {
  if (isBase64(base64)) return Buffer.from(base64, 'base64');
  const message = '"data_base64" must be what the SQL of iotRuleSql makes: encode(*, \'base64\').';
  return new HearthError('invalid-event', message, { field: 'data_base64' });
}

function otherwiseOf({ otherwise }: Place, { ts }: IotMessage): Plain | HearthError {
  if (isHearthError(otherwise) || typeof ts !== 'number') return otherwise;
  return { ...otherwise, time: ts };
}

type Pairs = readonly (readonly [name: string, value: string])[];

function usersOf({ properties }: IotMessage): Pairs {
  if (!Array.isArray(properties)) return [];
  return (properties as readonly unknown[]).flatMap((one) =>
    Object.entries(recordOf(one) as Readonly<Record<string, string>>),
  );
}
