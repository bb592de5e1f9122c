import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mqttConnection, mqttTrigger } from '@hearth/adapter-mqtt';
import { memoryPublisher } from '@hearth/core/ports';
import { logger } from '@hearth/node';
import { sqliteStore } from '@hearth/store-sqlite';
import { connectAsync } from 'mqtt';
import { silentApp } from './app.ts';
import { median, type Figures } from './figure.ts';
import { inFlight, startBroker, type Broker } from './mqtt-broker.ts';
import type { Burst } from './mqtt-publisher.ts';
import { isQuick } from './rounds.ts';

const [rounds, count] = isQuick ? [1, 500] : [7, 10_000];

/** Counts what one subscriber has dealt with. */
interface Subscriber {
  readonly prefix: string;
  /** Resolves when this many more have been dealt with. */
  next(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Measures an app beside a broker, from the first publication to the last saved record, in turns with a subscriber that only counts. */
export async function measure(): Promise<Figures> {
  const broker = await startBroker();
  const publisher = await startPublisher(broker);
  const [ours, peer] = [await hearth(broker), await bare(broker)];
  try {
    const rates: readonly [number[], number[]] = [[], []];
    for (let round = -2; round < rounds; round += 1) {
      for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const rate = await rateOf(publisher, side === 0 ? ours : peer);
        // The first two rounds only warm up.
        if (round >= 0) rates[side].push(rate);
      }
    }
    return { 'mqtt.qos1': figureOf(broker, ...rates) };
  } finally {
    await ours.close();
    await peer.close();
    publisher.disconnect();
    broker.stop();
  }
}

function figureOf(broker: Broker, ours: readonly number[], peer: readonly number[]) {
  return {
    value: median(ours),
    best: Math.max(...ours),
    unit: 'events/s',
    ratio: median(ours.map((rate, round) => rate / (peer[round] ?? Number.NaN))),
    against: `a bare mqtt.js subscriber (${Math.round(median(peer))}/s)`,
    note: `${settings(broker)}; ${count} events of 1,000 devices a round, published by another process; SQLite with synchronous = full`,
  };
}

/** What holds for both subscribers. */
function settings({ name, version }: Broker): string {
  return version === 5
    ? `${name}, MQTT 5 for both, at most ${inFlight} messages in flight to either, and no bound on its queue`
    : `${name}, MQTT 3.1.1 for both`;
}

async function startPublisher({ url, version }: Broker): Promise<ChildProcess> {
  const publisher = fork(new URL('mqtt-publisher.ts', import.meta.url), [url, String(version)]);
  await once(publisher, 'message');
  return publisher;
}

let published = 0;

async function rateOf(publisher: ChildProcess, { prefix, next }: Subscriber): Promise<number> {
  const burst: Burst = { prefix, from: published, count };
  published += count;
  globalThis.gc?.();
  const start = performance.now();
  const done = next(count);
  publisher.send(burst);
  await done;
  return (count / (performance.now() - start)) * 1000;
}

/** Tells when as many as asked for have come. */
function counter() {
  let missing = 0;
  let resolve = (): void => undefined;
  return {
    count(): void {
      missing -= 1;
      if (missing === 0) resolve();
    },
    next(more: number): Promise<void> {
      missing = more;
      return new Promise((settle) => {
        resolve = settle;
      });
    },
  };
}

const quiet = logger({ level: 'warn' });

async function hearth({ url, version }: Broker): Promise<Subscriber> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  const store = sqliteStore({ file: join(folder, 'store.db') });
  const connection = mqttConnection({ url, version, clientId: 'hearth', inFlight, logger: quiet });
  const { count: saved, next } = counter();
  const trigger = mqttTrigger(silentApp, {
    broker: connection,
    topics: { 'hearth/{device}/events': {} },
    principal: 'topic',
    store,
    publisher: memoryPublisher(),
    logger: quiet,
    observe: saved,
  });
  await trigger.ready;
  return {
    prefix: 'hearth',
    next,
    async close() {
      await trigger.stop();
      await connection.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function bare({ url, version }: Broker): Promise<Subscriber> {
  const properties = { receiveMaximum: inFlight };
  const client = await connectAsync(url, {
    protocolVersion: version,
    ...(version === 5 ? { properties } : {}),
  });
  const { count: received, next } = counter();
  client.on('message', received);
  await client.subscribeAsync('bare/+/events', { qos: 1 });
  return { prefix: 'bare', next, close: () => client.endAsync() };
}
