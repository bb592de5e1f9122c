import { mqttConnection, mqttTrigger, type MqttTriggerStats } from '@hearth/adapter-mqtt';
import {
  eventFrom,
  handle,
  type App,
  type Publisher,
  type Runtime,
  type StateStore,
} from '@hearth/core';
import { memoryPublisher } from '@hearth/core/ports';
import { credentialsApp, fleetPublisher, issuing, topics, type FleetCredentials } from './app.ts';
import { certificateAuthority, type CertificateAuthority } from './authority.ts';
import { backend, secureBroker, type SecureBroker } from './broker.ts';
import { lamp, type Lamp, type LampOptions } from './lamp.ts';

/** What a fleet runs on. */
export interface FleetOptions {
  readonly devices: readonly string[];
  readonly store: StateStore;
  /** The paths of mosquitto and of its dynamic security plugin. */
  readonly mosquitto: string;
  readonly plugin: string;
  /** An app with the credentials among its parts; one with nothing else unless given. */
  readonly of?: { readonly app: App; readonly credentials: FleetCredentials };
  /** Takes what the app rejects; kept in memory unless given. */
  readonly deadLetters?: Publisher;
  readonly logger?: Runtime['logger'];
  readonly clock?: Runtime['clock'];
  /** How one lamp differs from the others. */
  readonly lampOptions?: (name: string) => Partial<LampOptions>;
}

/** A fleet of lamps behind a broker with mutual TLS, and the app that looks after their certificates. */
export interface Fleet {
  readonly app: App;
  readonly runtime: Runtime;
  readonly credentials: FleetCredentials;
  readonly lamps: ReadonlyMap<string, Lamp>;
  readonly authority: CertificateAuthority;
  readonly broker: SecureBroker;
  /** What has become of what the lamps said. */
  stats(): MqttTriggerStats;
  /** Says something to the app in the name of a service. */
  tell(draft: Parameters<typeof eventFrom>[0]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a broker, an app beside it, and lamps with certificates from the factory. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { devices, store, of = credentialsApp(), logger, clock, lampOptions } = options;
  const { deadLetters = memoryPublisher() } = options;
  const authority = await certificateAuthority();
  const factory = await Promise.all(
    devices.map(async (name) => [name, await authority.identity(`${name}.factory`)] as const),
  );
  const broker = await secureBroker({
    ...options,
    ca: authority.ca,
    server: await authority.identity('localhost'),
    revoked: await authority.revoke(),
    devices: factory.map(([device, { credential }]) => ({ device, credentials: [credential] })),
  });
  const tls = { ca: authority.ca, ...(await authority.identity(backend)) };
  const log = logger === undefined ? {} : { logger };
  const connection = mqttConnection({ url: broker.url, clientId: backend, tls, ...log });
  const trigger = mqttTrigger(of.app, {
    broker: connection,
    store,
    publisher: fleetPublisher(connection, authority, broker),
    calls: issuing(authority),
    topics,
    principal: 'topic',
    deadLetters,
    ...log,
    ...(clock === undefined ? {} : { clock, sweeper: 'elsewhere' }),
  });
  await trigger.ready;
  const tell = telling(of.app, trigger.runtime);
  const lamps = await Promise.all(
    factory.map(async ([name, identity]) => {
      const { credential, expires, serial } = identity;
      await tell(of.credentials.events.added(name, { credential, expires, serial, proved: true }));
      const { url } = broker;
      const more = lampOptions?.(name) ?? {};
      return [
        name,
        await lamp({ url, ca: authority.ca, name, credential, identity, ...more }),
      ] as const;
    }),
  );
  return {
    ...of,
    runtime: trigger.runtime,
    lamps: new Map(lamps),
    authority,
    broker,
    stats: () => trigger.stats(),
    tell,
    async stop() {
      await Promise.all(lamps.map(([, one]) => one.leave()));
      await trigger.stop();
      await connection.close();
      await broker.stop();
    },
  };
}

function telling(app: App, runtime: Runtime): Fleet['tell'] {
  let nth = 0;
  return async (draft) => {
    nth += 1;
    const id = `${process.pid}-${runtime.clock.now()}-${nth}`;
    const event = eventFrom(draft, { id, source: '/operations' });
    const principal = { kind: 'service', id: 'operations' } as const;
    const [handled] = await handle(app, [{ event, principal }], runtime);
    return handled?.code ?? handled?.verdict ?? 'retry';
  };
}

/** What a rotation of a fleet came to. */
export interface FleetRotation {
  readonly rotated: number;
  /** Lamps that have not changed over in time: they go on with what they had. */
  readonly failed: readonly string[];
  readonly seconds: number;
}

/** How a fleet is rotated. */
export interface RotateOptions {
  /** How many at once: 10 unless given. */
  readonly atOnce?: number;
  /** How long is waited for each (ms): 10,000 unless given. */
  readonly withinMs?: number;
  readonly onProgress?: (done: number, all: number) => void;
}

/** Rotates the credentials of all lamps of a fleet, some at once. */
export async function rotateAll(fleet: Fleet, options: RotateOptions = {}): Promise<FleetRotation> {
  const { atOnce = 10, withinMs = 10_000, onProgress } = options;
  const queue = [...fleet.lamps.values()];
  const [all, begun] = [queue.length, performance.now()];
  const failed: string[] = [];
  let done = 0;
  const work = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const changed = one.changed();
      await fleet.tell(fleet.credentials.events.rotate(one.name, { because: 'yearly' }));
      if (!(await inTime(changed, withinMs))) failed.push(one.name);
      done += 1;
      onProgress?.(done, all);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (performance.now() - begun) / 1000;
  return { rotated: all - failed.length, failed, seconds };
}

async function inTime(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const result = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return result;
}

/** Starts a fleet, rotates the credentials of all its lamps over mutual TLS, and stops it. */
export async function rotateFleet(options: FleetOptions & RotateOptions): Promise<FleetRotation> {
  const fleet = await startFleet(options);
  try {
    return await rotateAll(fleet, options);
  } finally {
    await fleet.stop();
  }
}
