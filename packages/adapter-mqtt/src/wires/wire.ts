import { HearthError } from '@hearth/core';
import type { CloudEvent, Handled, Input, Ref, StateStore, Twin } from '@hearth/core';
import { messageInput, type Place } from '@hearth/core/trigger';
import type { MqttMessage } from '../decode.ts';
import type { PrincipalFrom } from '../identity.ts';

/** The model of a device, as `defineDevice` makes it. */
export interface WireDevice {
  readonly type: string;
  ref(subject: string): Ref<Twin>;
}

/** How a wire is used, whichever it is. */
export interface WireOptions {
  /** The store of the app: what a device is told is read from it. */
  readonly store: StateStore;
  /** How the sender of a message is known; `anonymous` unless given, who may speak for nothing. */
  readonly principal?: PrincipalFrom;
  /** Whether a device is one of this wire's model; all of them unless given. Several wires can share topics by it. */
  readonly isFor?: (device: string) => boolean;
}

/** A message to a device. */
export interface WireMessage {
  readonly topic: string;
  readonly payload: string;
}

/** What a device asks for by one message. */
export interface WireRequest {
  /** The device. */
  readonly order: string;
  /** The input that the message means. Rejects when the store cannot be read, and then the message is to be taken again. */
  input(): Promise<Input>;
  /** What the device is answered once the input is `done` or `rejected`. Rejects when the store cannot be read. */
  answer(handled: Handled): Promise<readonly WireMessage[]>;
}

/**
 * Topics and documents that devices in the field speak already, both ways; for `wires` of a trigger and of a publisher.
 *
 * `read` gives `undefined` for a message that is none of the wire's; it never throws. `tell` is for events of the types that it `tells`.
 */
export interface MqttWire {
  /** The topic filters of what devices say. */
  readonly filters: readonly string[];
  /** Whether the sender of a message is known. */
  readonly areProved: boolean;
  /** The types of the events that devices are told. */
  readonly tells: readonly string[];
  read(message: MqttMessage, transportId: () => string): WireRequest | undefined;
  tell(event: CloudEvent): Promise<readonly WireMessage[]>;
}

type Values = Readonly<Record<string, unknown>>;

/** Whether a value is an object of JSON. */
export const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a document may cost: AWS takes 128 KiB in a message, Azure 256. */
const mostBytes = 256 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses the document of a message; nothing at all is an empty document.
 *
 * @throws {HearthError} `limit-exceeded`, `unsupported-media-type` for what is not UTF-8, `invalid-event` for what is not JSON.
 */
export function documentIn({ payload }: MqttMessage): unknown {
  if (payload.length > mostBytes)
    throw new HearthError('limit-exceeded', 'The payload exceeds the maximum size allowed');
  let text: string;
  try {
    text = utf8.decode(payload);
  } catch (cause) {
    const message = 'Unsupported documented encoding; supported encoding is UTF-8';
    throw new HearthError('unsupported-media-type', message, { cause });
  }
  if (text.trim() === '') return {};
  let document: unknown;
  try {
    document = JSON.parse(text) as unknown;
  } catch {
    // What it says quotes the payload.
    throw new HearthError('invalid-event', 'Invalid JSON');
  }
  if (isTooDeep(document))
    throw new HearthError('invalid-event', 'JSON contains too many levels of nesting');
  return document;
}

// More than any twin has, and few enough for whoever descends into it.
const mostLevels = 32;

function isTooDeep(document: unknown): boolean {
  let level = [document];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > mostLevels) return true;
    level = level.flatMap((one) =>
      typeof one === 'object' && one !== null ? (Object.values(one) as unknown[]) : [],
    );
  }
  return false;
}

/** What is needed to make inputs of a message. */
export interface Said {
  readonly message: MqttMessage;
  readonly place: Place;
  readonly device: string;
  readonly transportId: () => string;
}

/** The input of what a message means: the type of an event and its data. */
export function inputOf(said: Said, type: string, data: unknown): Input {
  const source = `mqtt:${encodeURI(said.message.topic)}`;
  const event = { specversion: '1.0', id: said.transportId(), source, type };
  return messageInput({
    ...known(said),
    json: { ...event, subject: said.device, data },
    sniff: true,
  });
}

/** The input of a message that is refused. */
export function refusedInput(said: Said, error: HearthError): Input {
  return messageInput({ ...known(said), body: said.message.payload, otherwise: error });
}

function known({ message, place, device, transportId }: Said) {
  const users = message.properties?.userProperties;
  return { principal: place.sender(users), order: device, id: transportId };
}

/** Copies a document without what is `null`, which a cloud's twin never holds. */
export function withoutNulls(document: Values): Values {
  const entries = Object.entries(document).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isObject(value) ? withoutNulls(value) : value]),
  );
}
