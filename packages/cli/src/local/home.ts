import { randomUUID } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  mqttConnection,
  mqttPublisher,
  mqttTrigger,
  type MqttTriggerStats,
} from '@hearth/adapter-mqtt';
import {
  handle,
  HearthError,
  isHearthError,
  type App,
  type CloudEvent,
  type Draft,
  type Handled,
  type Runtime,
} from '@hearth/core';
import { logger } from '@hearth/node';
import { sqliteDeadLetters, sqliteStore } from '@hearth/store-sqlite';
import { localBroker, type LocalBroker } from './broker.ts';
import { localTopics } from './topics.ts';

/** How an app is run on a computer with nothing around it. */
export interface HomeOptions extends Pick<Runtime, 'observe' | 'answered' | 'calls' | 'speaksFor'> {
  /** Where records, the broker's messages and the log are kept: `.hearth` unless given. */
  readonly folder?: string;
  /** An outside broker instead of an embedded one: `mqtt://localhost:1883`. */
  readonly broker?: string;
  /** What all topics begin with, such as `replay/`: nothing unless given. */
  readonly prefix?: string;
  /** Forgets everything first, and what an outside broker has kept for us. */
  readonly fresh?: boolean;
}

/** An app that runs on this computer. */
export interface RunningHome {
  /** Where devices reach it: `mqtt://127.0.0.1:41883`. */
  readonly url: string;
  readonly runtime: Runtime;
  stats(): MqttTriggerStats;
  /** Tells the app something in the name of a service, past the broker: `lives('t1', 'h1')`. */
  tell(...drafts: readonly Draft[]): Promise<readonly Handled[]>;
  /** Finishes what is in hand and closes everything. */
  close(): Promise<void>;
}

// Well below the 64 inputs that a record remembers: what a crash leaves unacknowledged must be recognised when it comes again.
const atOnce = 32;

/** The file in which `runHome` keeps the records of a folder. */
export const storeFile = (folder: string): string => join(folder, 'home.db');

/**
 * Runs an app with a broker on the loopback interface, SQLite files in a folder and a sweeper, all in this process. A second start goes
 * on from where the first one ended or was killed.
 *
 * @throws {HearthError} `not-permitted` when the broker refuses us, `timeout` when it does not answer within 10 s; as `sqliteStore` and `localBroker` do.
 */
export async function runHome(app: App, options: HomeOptions = {}): Promise<RunningHome> {
  const { folder = '.hearth', broker: url, prefix = '', fresh = false } = options;
  if (fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const topics = localTopics(app, prefix);
  const clientId = clientIdOf(folder);
  const file = join(folder, 'broker.db');
  const broker: Broker =
    url === undefined
      ? await localBroker({ file, app: clientId, wants: topics.wants, mayPublish: ownTopics })
      : outside(url);
  const log = createWriteStream(join(folder, 'hearth.log'));
  const connection = mqttConnection({
    url: broker.url,
    clientId,
    logger: logger({ stream: log }),
    inFlight: atOnce,
    ...(url === undefined ? { version: 4 } : {}),
  });
  // A kill loses nothing; only a loss of power may take the last moments. Waiting for the disk costs five times the latency.
  const store = sqliteStore({ file: storeFile(folder), synchronous: 'normal' });
  const trigger = mqttTrigger(app, {
    ...chosen(options),
    answered(answered) {
      const { event, verdict } = answered;
      if (verdict !== 'retry' && !isHearthError(event)) broker.settled(event);
      options.answered?.(answered);
    },
    broker: connection,
    topics: topics.incoming,
    maxBatch: atOnce,

    store,
    publisher: mqttPublisher({ broker: connection, topics: topics.outgoing }),
    deadLetters: sqliteDeadLetters(store),
    logger: logger({ stream: log }),
  });
  const close = async () => {
    await trigger.stop();
    await connection.close();
    await broker.close();
    await store.close();
    log.end();
  };
  try {
    await inTime(trigger.ready, broker.url);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: broker.url,
    runtime: trigger.runtime,
    stats: trigger.stats,
    close,
    tell: (...drafts) =>
      handle(
        app,
        drafts.map((draft) => ({ event: eventOf(draft), principal: thisComputer })),
        trigger.runtime,
      ),
  };
}

const patienceMs = 10_000;

async function inTime(ready: Promise<void>, url: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The broker at ${url} has not answered within ${patienceMs / 1000} s.`;
    timer = setTimeout(() => reject(new HearthError('timeout', message)), patienceMs);
  });
  await Promise.race([ready, late]).finally(() => clearTimeout(timer));
}

const thisComputer = { kind: 'service', id: 'this-computer' } as const;

/** The same session for the same folder, so that an outside broker goes on with it: its name is made once and kept there. */
function clientIdOf(folder: string): string {
  const file = join(folder, 'client-id');
  if (!existsSync(file)) writeFileSync(file, `hearth-${randomUUID().slice(0, 13)}`);
  return readFileSync(file, 'utf8').trim();
}

type Broker = Pick<LocalBroker, 'url' | 'settled' | 'close'>;

function outside(url: string): Broker {
  return { url, settled: () => undefined, close: () => Promise.resolve() };
}

/** A client with a user name may publish below that name only; one without sits at this computer and may say anything. */
function ownTopics(user: string | undefined, topic: string): boolean {
  return user === undefined || topic.split('/').at(-2) === user;
}

function chosen({ observe, calls, speaksFor }: HomeOptions): Partial<Runtime> {
  return {
    ...(observe && { observe }),
    ...(calls && { calls }),
    ...(speaksFor && { speaksFor }),
  };
}

function eventOf({ type, subject, data }: Draft): CloudEvent {
  const time = new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: 'urn:hearth:cli',
    type,
    subject,
    time,
    data,
  };
}
