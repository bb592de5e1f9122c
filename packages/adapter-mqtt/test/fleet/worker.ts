// One worker of a fleet: it shares the messages of the broker, and the file of the store, with others.
import { onShutdown } from '@hearth/node';
import { sqliteStore } from '@hearth/store-sqlite';
import { mqttConnection, mqttPublisher, mqttTrigger } from '../../src/index.ts';
import { silent } from '../thermostat.ts';
import { rang, releases } from './eggs.ts';
import type { Job } from './fleet.ts';

process.once('message', (job: Job) => void work(job));
// Whoever started it has gone.
process.once('disconnect', () => process.exit());
process.send?.('loaded');

async function work({ url, file, clientId, release }: Job): Promise<void> {
  const store = sqliteStore({ file });
  const broker = mqttConnection({ url, clientId, logger: silent });
  const trigger = mqttTrigger(releases[release], {
    broker,
    store,
    publisher: mqttPublisher({ broker, topics: { [rang.type]: 'rang/{subject}' } }),
    group: 'kitchen',
    topics: { 'egg/{device}': {} },
    principal: 'topic',
    retry: { minMs: 20, maxMs: 200 },
    sweeper: { everyMs: 100 },
    logger: silent,
  });
  onShutdown(async () => {
    await trigger.stop();
    await broker.close();
    await store.close();
    process.send?.(trigger.stats());
  });
  await trigger.ready;
  process.send?.('ready');
}
