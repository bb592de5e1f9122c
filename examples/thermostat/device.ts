import { randomUUID } from 'node:crypto';
import type { Draft } from '@hearth/core';
import { encodeMqtt } from '@hearth/core/event';
import { connectAsync, type MqttClient } from 'mqtt';

/** Connects a device. The broker keeps its session, so what it is told while it is away waits for it; `user` is who it speaks for. */
export async function connectDevice(
  url: string,
  clientId: string,
  user: string,
): Promise<MqttClient> {
  const client = await connectAsync(url, { clientId, username: user, clean: false });
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
  return async ({ type, subject, data }, { id, at } = { id: randomUUID(), at: Date.now() }) => {
    const time = new Date(at).toISOString();
    const event = { specversion: '1.0', id, source, type, subject, time, data } as const;
    const { payload } = encodeMqtt(event, { version: 4 });
    const [model, name] = type.split('.').slice(-2);
    published(id);
    await client.publishAsync(`${prefix}${model}/${subject}/${name}`, Buffer.from(payload), {
      qos: 1,
    });
  };
}
