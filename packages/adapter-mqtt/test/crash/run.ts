import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { CloudEvent } from '@hearth/core';
import { sqliteStore } from '@hearth/store-sqlite';
import { seededRandom } from '@hearth/testing';
import { connectAsync } from 'mqtt';
import { owed } from '../client.ts';
import { settled } from '../settled.ts';
import type { Restartable } from './brokers.ts';
import { collector, type Collector } from './collector.ts';
import { workerId } from './job.ts';
import { beforehand, type Ending } from './readings.ts';
import { workers, type Workers } from './workers.ts';

/** What happens while the readings come. */
export interface Trouble {
  readonly seed: number;
  /** How often the worker is killed, and how often the broker is restarted, each at a moment of its own. */
  readonly kills: number;
  readonly restarts: number;
}

/** What a run left behind, besides what an undisturbed one does. */
export interface Disturbed extends Ending {
  /** Events that came with more than one text. */
  readonly ambiguous: readonly string[];
  /** Messages that the broker would still send to the worker. */
  readonly owed: readonly string[];
  /** Records with something undelivered. */
  readonly due: readonly string[];
}

/** Lets a worker handle readings from a broker, with trouble, until everything that is expected has come of them. */
export async function run(
  broker: Restartable,
  folder: string,
  readings: readonly CloudEvent[],
  expected: Ending,
  trouble: Trouble,
): Promise<Disturbed> {
  const { url } = broker;
  const file = join(folder, `${broker.version}-${trouble.restarts}.db`);
  const team = workers({ url, file, startedAt: Date.now() }, join(folder, 'cache'));
  try {
    const seen = await collector(url, 'out/+');
    await team.begin();
    const say = await sayer(url);
    await say.all(beforehand());
    await seen.reaches(beforehand().length / 2);
    const said = say.all(readings);
    // aedes sends what it has kept for a session together with what comes meanwhile, so the order would be lost. And devices
    // repeat what a broker that ends has heard of already: of readings that changed nothing, a worker that died knows alone.
    if (broker.version === 4 || trouble.restarts > 0) await said;
    const total = Object.keys(expected.events).length;
    await disturb(broker, team, seen, total, trouble);
    await said;
    await seen.reaches(total);
    await settled(file);
    await team.end();
    await Promise.all([seen.end(), say.end()]);
    const protocolVersion = broker.version;
    return {
      ...(await left(file)),
      ...heard(seen),
      owed: await owed(url, workerId, { protocolVersion }),
    };
  } finally {
    team.stop();
  }
}

/** The devices. */
async function sayer(url: string) {
  const client = await connectAsync(url, {
    clientId: 'devices',
    clean: false,
    reconnectPeriod: 20,
  });
  client.on('error', () => undefined);
  const say = (event: CloudEvent) =>
    client.publishAsync(`in/${event.subject}`, JSON.stringify(event), { qos: 1 });
  return {
    all: (events: readonly CloudEvent[]) => Promise.all(events.map(say)),
    end: () => client.endAsync(),
  };
}

async function disturb(
  broker: Restartable,
  team: Workers,
  seen: Collector,
  total: number,
  { seed, kills, restarts }: Trouble,
): Promise<void> {
  const random = seededRandom(seed);
  const already = seen.events.size;
  const moments = (count: number, act: () => Promise<void>) =>
    Array.from({ length: count }, () => ({ after: random(), act }));
  const plan = [
    ...moments(kills, () => team.replace()),
    ...moments(restarts, () => broker.restart()),
  ].toSorted((a, b) => a.after - b.after);
  for (const { after, act } of plan) {
    // The last part is left, so that there is always something going on.
    await seen.reaches(already + Math.floor(after * 0.95 * (total - already)));
    await wait(random() * 20);
    await act();
  }
}

async function left(file: string): Promise<Pick<Disturbed, 'records' | 'due'>> {
  const store = sqliteStore({ file });
  const { keys } = await store.keys({ limit: 10_000 });
  const { keys: due } = await store.due({ before: Number.MAX_SAFE_INTEGER, limit: 10 });
  const stored = await store.load(keys);
  await store.close();
  const records = stored.map((record, index) => [keys[index], record?.body ?? ''] as const);
  return { records: Object.fromEntries(records) as Record<string, string>, due };
}

function heard({ events }: Collector): Pick<Disturbed, 'events' | 'ambiguous'> {
  const texts = [...events].map(([id, [text = '']]) => [id, text] as const);
  return {
    events: Object.fromEntries(texts),
    ambiguous: [...events].filter(([, { size }]) => size > 1).map(([id]) => id),
  };
}
