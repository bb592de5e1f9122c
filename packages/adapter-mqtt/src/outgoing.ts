import type { IClientPublishOptions, MqttClient } from 'mqtt';

/** What is published and not yet answered by the broker. */
export interface Outgoing {
  /** How many publications the broker has not answered. */
  readonly waiting: number;
  /** Publishes at QoS 1; resolves once the broker has taken it over, rejects with what mqtt.js says or when the connection ends. */
  publish(topic: string, payload: string | Buffer, options: IClientPublishOptions): Promise<void>;
  /** The connection is there: publications go to this client. */
  open(client: MqttClient): void;
  /** The connection has ended: whatever waits is called off, and nothing is published until the next one. */
  close(): void;
}

interface Publication {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly options: IClientPublishOptions;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  id?: number;
}

const unreached = new Error('There is no connection to the broker.');

/** Publishes on a connection that comes and goes; never more at once than the broker takes. */
export function outgoing(): Outgoing {
  const queue: Publication[] = [];
  const sent = new Set<Publication>();
  let client: MqttClient | undefined;

  const pump = () => {
    const window = client?.serverProperties?.receiveMaximum ?? 65_535;
    for (const one of queue.splice(0, Math.max(0, window - sent.size))) send(one);
  };
  const send = (one: Publication) => {
    sent.add(one);
    client?.publish(one.topic, one.payload, { ...one.options, qos: 1 }, (error) => {
      if (!sent.delete(one)) return;
      if (error) one.reject(error);
      else one.resolve();
      pump();
    });
    const id = client?.getLastMessageId();
    if (sent.has(one) && id !== undefined) one.id = id;
  };
  return {
    get waiting() {
      return sent.size;
    },
    publish: (topic, payload, options) =>
      client === undefined
        ? Promise.reject(unreached)
        : new Promise((resolve, reject) => {
            queue.push({ topic, payload, options, resolve, reject });
            pump();
          }),
    open(next) {
      client = next;
    },
    close() {
      const last = client;
      client = undefined;
      const lost = [...sent, ...queue.splice(0)];
      sent.clear();
      for (const { id, reject } of lost) {
        reject(unreached);
        // mqtt.js would send it again by itself after a reconnect, however late; the core decides that.
        if (id !== undefined) last?.removeOutgoingMessage(id);
      }
    },
  };
}
