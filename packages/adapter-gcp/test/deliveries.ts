import type { Principal } from '@hearth/core';
import { encodeHttpBinary, encodeHttpStructured, type CloudEvent } from '@hearth/core/event';
import { logger } from '@hearth/node';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { messageOf, type PubsubMode } from '../src/publish/message.ts';

/** A logger that says nothing. */
export const silent = logger({ level: 'silent' });

/** A request to a function: what it is sent with. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The attribute by which the bridge of the tests names who is speaking. */
export const speaker = 'speaker';
export const subscription = 'projects/acme/subscriptions/readings';

/** The body of a push for a message, as Pub/Sub makes it. */
export function pushed(
  message: TriggerMessage,
  mode: PubsubMode = 'structured',
  rest: object = {},
) {
  const { data, attributes } =
    'event' in message ? published(message.event, mode) : rawMessage(message.raw);
  return {
    message: {
      messageId: '136969346945',
      message_id: '136969346945',
      publishTime: '2024-01-01T00:00:00.120Z',
      publish_time: '2024-01-01T00:00:00.120Z',
      attributes: { ...attributes, [speaker]: JSON.stringify(message.principal) },
      data: Buffer.from(data).toString('base64'),
      ...rest,
    },
    subscription,
  };
}

function published(event: CloudEvent, mode: PubsubMode) {
  return messageOf({ event, body: JSON.stringify(event) }, mode) as {
    readonly data: Buffer;
    readonly attributes: Record<string, string>;
  };
}

const rawMessage = (raw: string) => ({
  data: Buffer.from(raw),
  attributes: { 'content-type': 'application/cloudevents+json' },
});

/** Who is speaking, by the bridge of the tests. */
export function speakerOf(attributes: Readonly<Record<string, string>>): Principal {
  return JSON.parse(attributes[speaker] ?? '') as Principal;
}

/** An event of Eventarc in binary mode. */
export function eventarc(type: string, source: string, data: unknown): Sent {
  const event = { specversion: '1.0', id: 'native', source, type, data } as const;
  const { headers, body } = encodeHttpBinary({ ...event, datacontenttype: 'application/json' });
  return { headers: { ...headers }, body: String(body) };
}

/** A CloudEvent, or what is none, as a sender would send it. */
export function structured(message: TriggerMessage): Sent {
  if ('raw' in message) {
    return { headers: { 'content-type': 'application/cloudevents+json' }, body: message.raw };
  }
  const { headers, body } = encodeHttpStructured(message.event);
  return { headers: { ...headers }, body: String(body) };
}

/** A CloudEvent in binary mode. */
export function binary(message: TriggerMessage): Sent {
  if ('raw' in message) return structured(message);
  const { headers, body } = encodeHttpBinary(message.event);
  return { headers: { ...headers }, body: String(body) };
}
