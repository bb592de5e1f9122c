import {
  connect,
  connectAsync,
  type IClientOptions,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';

/** A plain client of mqtt.js: a device, or somebody who looks. It does not connect again by itself. */
export function client(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  return connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options }, false);
}

/** A client that collects what it receives on some filters, in order. */
export async function listener(url: string, filter: string, options: IClientOptions = {}) {
  const packets: IPublishPacket[] = [];
  const listening = await client(url, options);
  listening.on('message', (_topic, _payload, packet) => packets.push(packet));
  await listening.subscribeAsync(filter, { qos: 1 });
  return {
    packets,
    texts: () => packets.map(({ payload }) => payload.toString()),
    end: () => listening.endAsync(),
  };
}

/**
 * What the broker still owes a session: the payloads that it sends to the next client of that name. The session ends with this look.
 */
export async function owed(
  url: string,
  clientId: string,
  options: IClientOptions = {},
): Promise<readonly string[]> {
  const probe = connect(url, { protocolVersion: 5, ...options, clientId, clean: false });
  const texts: string[] = [];
  const sentinel = `sentinel/${clientId}`;
  const ended = new Promise<void>((resolve) => {
    probe.on('message', (topic, payload) => {
      if (topic === sentinel) resolve();
      else texts.push(payload.toString());
    });
  });
  await new Promise<void>((resolve) => {
    probe.once('connect', () => resolve());
  });
  await probe.subscribeAsync(sentinel, { qos: 1 });
  await probe.publishAsync(sentinel, '', { qos: 1 });
  await ended;
  await probe.endAsync();
  const last = await client(url, { ...options, clientId, clean: true });
  await last.endAsync();
  return texts;
}
