import { createServer, type Server } from 'node:net';
import { Aedes, type AedesOptions, type AedesPublishPacket, type PublishPacket } from 'aedes';
import { HearthError } from '@hearth/core';
import { openJournal, type Journal } from './journal.ts';

/** An MQTT broker in this process, on a port of the loopback interface. */
export interface LocalBroker {
  /** `mqtt://127.0.0.1:41883` */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** How a broker is started. */
export interface LocalBrokerOptions {
  /** The database file that survives the process. */
  readonly file: string;
  /** The client id of the app: what it has not acknowledged is delivered again after a crash. */
  readonly app: string;
  /** Whether the app wants the messages of a topic. */
  readonly wants: (topic: string) => boolean;
  /** Whether a client, by its user name, may publish to a topic; everybody may to everything unless given. */
  readonly mayPublish?: (user: string | undefined, topic: string) => boolean;
}

/**
 * Starts a broker (MQTT 3.1.1) on a free port, and on the same one the next time if it is still free.
 *
 * aedes alone keeps everything in memory and acknowledges a message before it has passed it on. Here a message is on file before it is
 * acknowledged and until the app has acknowledged it in turn, so that killing the process loses nothing that a client was told is
 * safe. Messages for others than the app are kept only if they are retained.
 *
 * @throws {HearthError} `invalid-option` when no port can be opened.
 */
export async function localBroker(options: LocalBrokerOptions): Promise<LocalBroker> {
  const journal = openJournal(options.file);
  const broker = await Aedes.createBroker({
    ...hooks(options, journal),
    heartbeatInterval: 600_000,
  });
  for (const message of journal.retained()) publish(broker, { ...message, retain: true });
  broker.on('ack', (packet, client) => {
    const number = numberOf(packet);
    if (client.id === options.app && number !== undefined) journal.remove(number);
  });
  let isResumed = false;
  broker.on('subscribe', (_, client) => {
    if (client.id !== options.app || isResumed) return;
    isResumed = true;
    for (const { number, ...message } of journal.pending()) publish(broker, { ...message, number });
  });
  const server = createServer((socket) => void broker.handle(socket));
  const port = await listen(server, journal);
  let closing: Promise<void> | undefined;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    close() {
      closing ??= closeAll(server, broker, journal);
      return closing;
    },
  };
}

async function closeAll(server: Server, broker: Aedes, journal: Journal): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await new Promise<void>((resolve) => {
    broker.close(() => resolve());
  });
  await closed;
  journal.close();
}

/** Where the journal's number of a message travels: aedes carries properties along but never sends them in MQTT 3.1.1. */
const numberProperty = 'hearth-journal';

// An acknowledgement of a retained message that was never queued comes without its packet.
function numberOf(packet: object | undefined): number | undefined {
  const { properties } = (packet ?? {}) as Partial<AedesPublishPacket>;
  const number = properties?.userProperties?.[numberProperty];
  return number === undefined ? undefined : Number(number);
}

const numbered = (number: number) => ({ userProperties: { [numberProperty]: String(number) } });

function hooks(options: LocalBrokerOptions, journal: Journal): AedesOptions {
  const { app, wants, mayPublish = () => true } = options;
  const users = new WeakMap<object, string>();
  return {
    authenticate(client, user, _password, done) {
      if (user !== undefined) users.set(client, user);
      done(null, true);
    },
    // Runs before the acknowledgement.
    authorizePublish(client, packet, done) {
      const { topic, qos, retain } = packet;
      const user = client === null ? undefined : users.get(client);
      const isApp = client?.id === app;
      if (topic.startsWith('$SYS/') || (!isApp && !mayPublish(user, topic))) {
        done(new Error(`"${user ?? ''}" may not publish to this topic.`));
        return;
      }
      const payload = Buffer.from(packet.payload);
      if (retain) journal.retain({ topic, payload });
      if (qos > 0 && !isApp && wants(topic)) {
        packet.properties = numbered(journal.add({ topic, payload }));
      }
      done();
    },
  };
}

interface Stored {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain?: true;
  readonly number?: number;
}

function publish(broker: Aedes, { topic, payload, retain, number }: Stored): void {
  const packet: PublishPacket = {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: retain === true,
    dup: false,
    ...(number === undefined ? {} : { properties: numbered(number) }),
  };
  broker.publish(packet, () => undefined);
}

async function listen(server: Server, journal: Journal): Promise<number> {
  const known = journal.port();
  const port =
    (known === undefined ? undefined : await tryPort(server, known)) ?? (await tryPort(server, 0));
  if (port === undefined) {
    throw new HearthError(
      'invalid-option',
      'No port of 127.0.0.1 could be opened for the broker.',
      {
        field: 'broker',
      },
    );
  }
  journal.rememberPort(port);
  return port;
}

function tryPort(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const failed = () => resolve(undefined);
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : undefined);
    });
  });
}
