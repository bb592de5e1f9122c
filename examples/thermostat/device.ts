import { randomUUID } from 'node:crypto';
import type { Draft } from '@hearth/core';
import { encodeMqtt } from '@hearth/core/event';
import { connectAsync, type MqttClient } from 'mqtt';

/** What the broker says for a device whose connection breaks. */
export interface LastWill {
  readonly topic: string;
  readonly payload: Buffer;
}

/**
 * Connects a device. The broker keeps its session, so what it is told while it is away waits for it; `user` is who it speaks for, and `will`
 * gives the last will of each connection.
 */
export async function connectDevice(
  url: string,
  clientId: string,
  user: string,
  will?: () => LastWill,
): Promise<MqttClient> {
  const last = () =>
    will === undefined ? {} : { will: { ...will(), qos: 1 as const, retain: false } };
  const client = await connectAsync(url, { clientId, username: user, clean: false, ...last() });
  // The next connection is another one, and so is its end.
  client.on('close', () => Object.assign(client.options, last()));
  // It connects again by itself; an error that nobody listens to would end the process.
  client.on('error', () => undefined);
  return client;
}

/** Is told that an event is about to be published, so that somebody can measure how long the answer takes. */
export type Published = (id: string) => void;

/** Says one thing. `id` and `at` (ms) are made up unless given. */
export type Say = (
  draft: Draft,
  given?: { readonly id: string; readonly at: number },
) => Promise<void>;

/**
 * Gives a device its voice: what it says is published as a CloudEvent at QoS 1, and resolves when the broker has it. Until then mqtt.js
 * sends it again after every reconnect, under the same id. Topics are `<prefix><model>/<subject>/<event>`.
 */
export function say(client: MqttClient, source: string, published: Published, prefix = ''): Say {
  return async (draft, { id, at } = { id: randomUUID(), at: Date.now() }) => {
    const { topic, payload } = messageOf(draft, source, { id, at });
    published(id);
    await client.publishAsync(prefix + topic, payload, { qos: 1 });
  };
}

/** What a device says as a message. */
export function messageOf(
  { type, subject, data }: Draft,
  source: string,
  { id, at } = { id: randomUUID() as string, at: Date.now() },
): LastWill {
  const time = new Date(at).toISOString();
  const event = { specversion: '1.0', id, source, type, subject, time, data } as const;
  const { payload } = encodeMqtt(event, { version: 4 });
  const [model, name] = type.split('.').slice(-2);
  return { topic: `${model}/${subject}/${name}`, payload: Buffer.from(payload) };
}
