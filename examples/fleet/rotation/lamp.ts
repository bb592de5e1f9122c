import { connectAsync, type MqttClient } from 'mqtt';
import { request, type Identity } from './authority.ts';

/** A lamp in the field: its keys never leave it. */
export interface Lamp {
  readonly name: string;
  /** The connections that it has, the one of today last. */
  readonly connections: readonly MqttClient[];
  /** The credential that it uses. */
  credential(): string;
  /** Says something with one of its connections; rejects where the broker does not let it. */
  say(topic: string, data: object, by?: MqttClient): Promise<unknown>;
  /** Resolves when it has changed over to another credential. */
  changed(): Promise<void>;
  leave(): Promise<void>;
}

/** How a lamp is set up. */
export interface LampOptions {
  readonly url: string;
  readonly ca: string;
  readonly name: string;
  /** What it came with from the factory. */
  readonly credential: string;
  readonly identity: Identity;
  /** Does nothing with what it is issued: a lamp whose memory is full. */
  readonly isBroken?: boolean;
  /** Keeps its old connection after it has changed over. */
  readonly keepsOld?: boolean;
}

interface Issued {
  readonly credential: string;
  readonly certificate: string;
}

/** Connects a lamp, which does what it is asked: it makes a new key, proves it by a second connection, and only then lets go of the first. */
export async function lamp(options: LampOptions): Promise<Lamp> {
  const { url, ca, name, isBroken = false, keepsOld = false } = options;
  const connections: MqttClient[] = [];
  const waiting: (() => void)[] = [];
  let { credential } = options;
  let key = '';
  let next: Issued | undefined;

  const say = (topic: string, data: object, by = connections.at(-1)) =>
    by?.publishAsync(topic, JSON.stringify(data), { qos: 1 }) ?? Promise.resolve();
  const open = async (identity: Identity) => {
    const client = await connectAsync(url, {
      ca,
      ...identity,
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    client.on('error', () => undefined);
    client.on('message', (topic, payload) => {
      // Both connections hear it; the one of today does something.
      if (client !== connections.at(-1)) return;
      void hear(topic.split('/').at(-1), JSON.parse(payload.toString()));
    });
    await client.subscribeAsync(`device/${name}/+`, { qos: 1 });
    return client;
  };
  const hear = async (what: string | undefined, data: unknown): Promise<void> => {
    if (what === 'renew') return ask();
    if (what === 'issued' && !isBroken) return prove(data as Issued);
    if (what === 'activated') letGo((data as Issued).credential);
  };
  const ask = async () => {
    const made = await request(name);
    ({ key } = made);
    await say(`device/${name}/requested`, { csr: made.csr });
  };
  const prove = async (issued: Issued) => {
    next = issued;
    const second = await open({ cert: issued.certificate, key });
    connections.push(second);
    await say(`proof/${name}/${issued.credential}`, {}, second);
  };
  const letGo = (active: string) => {
    if (next?.credential !== active) return;
    credential = active;
    next = undefined;
    if (!keepsOld) for (const old of connections.splice(0, connections.length - 1)) old.end(true);
    for (const resolve of waiting.splice(0)) resolve();
  };
  connections.push(await open(options.identity));
  return {
    name,
    connections,
    credential: () => credential,
    say,
    changed: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
    async leave() {
      await Promise.all(connections.splice(0).map((one) => one.endAsync(true)));
    },
  };
}
