import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AedesOptions, type AedesPublishPacket, type PublishPacket } from 'aedes';
import { HearthError, type CloudEvent } from '@hearth/core';
import { openJournal, type Journal } from './journal.ts';
import { openMessages, type OpenMessages } from './open-messages.ts';

/** An MQTT broker in this process, on a port of the loopback interface. */
export interface LocalBroker {
  /** `mqtt://127.0.0.1:41883` */
  readonly url: string;
  readonly port: number;
  /** The app has dealt with an event: its message is forgotten. */
  settled(event: CloudEvent): void;
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
 * acknowledged and until the app has dealt with it, so that killing the process loses nothing that a client was told is safe. Messages
 * for others than the app are kept only if they are retained.
 *
 * The app says so itself (`settled`): its own acknowledgements travel through the event loop and may be hundreds behind, more than a
 * record remembers. They count for messages that are no events. For the same reason the app gets what is left from last time before
 * anybody else is let in: a device that sends the last of it again must not be heard first.
 *
 * @throws {HearthError} `invalid-option` when no port can be opened.
 */
export async function localBroker(options: LocalBrokerOptions): Promise<LocalBroker> {
  const journal = openJournal(options.file);
  const open = openMessages(journal);
  const door = closedDoor();
  const broker = await Aedes.createBroker({
    ...hooks(options, journal, open),
    preConnect(_client, { clientId }, done) {
      if (clientId === options.app) done(null, true);
      else door.pass(() => done(null, true));
    },
    heartbeatInterval: 600_000,
  });
  await publishAll(
    broker,
    journal.retained().map((message) => ({ ...message, retain: true })),
  );
  broker.on('ack', (packet, client) => {
    const number = numberOf(packet);
    if (client.id === options.app && number !== undefined) open.acknowledged(number);
  });
  broker.once('subscribe', () => {
    const pending = journal.pending();
    for (const { number, payload } of pending) open.add(number, payload);
    void publishAll(broker, pending).then(door.open);
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const port = await listen(server, journal);
  let closing: Promise<void> | undefined;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    settled: open.settled,
    close() {
      closing ??= closeAll(server, sockets, broker).then(() => journal.close());
      return closing;
    },
  };
}

/** A door before which callers wait until it is opened. */
function closedDoor() {
  let waiting: (() => void)[] | undefined = [];
  return {
    pass(enter: () => void) {
      if (waiting === undefined) enter();
      else waiting.push(enter);
    },
    open() {
      const entering = waiting ?? [];
      waiting = undefined;
      for (const enter of entering) enter();
    },
  };
}

async function closeAll(server: Server, sockets: Set<Socket>, broker: Aedes): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await new Promise<void>((resolve) => {
    broker.close(() => resolve());
  });
  // Those that have not said who they are, the broker does not know.
  for (const socket of sockets) socket.destroy();
  await closed;
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

function hooks(options: LocalBrokerOptions, journal: Journal, open: OpenMessages): AedesOptions {
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
      if (!journal.isOpen || topic.startsWith('$SYS/') || (!isApp && !mayPublish(user, topic))) {
        done(new Error(`"${user ?? ''}" may not publish to this topic.`));
        return;
      }
      const payload = Buffer.from(packet.payload);
      if (retain) journal.retain({ topic, payload });
      if (qos > 0 && !isApp && wants(topic)) {
        const number = journal.add({ topic, payload });
        open.add(number, payload);
        packet.properties = numbered(number);
      }
      done();
    },
  };
}

interface Stored {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain?: boolean;
  readonly number?: number;
}

async function publishAll(broker: Aedes, messages: readonly Stored[]): Promise<void> {
  await Promise.all(messages.map((message) => publish(broker, message)));
}

function publish(broker: Aedes, { topic, payload, retain, number }: Stored): Promise<unknown> {
  const packet: PublishPacket = {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: retain === true,
    dup: false,
    ...(number === undefined ? {} : { properties: numbered(number) }),
  };
  return new Promise((resolve) => broker.publish(packet, resolve));
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
