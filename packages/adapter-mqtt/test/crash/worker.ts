// A worker that waits until its parent says where to work, and works until it is killed or told to end.
import { nodeRuntime, onShutdown, sweeper, systemClock } from '@hearth/node';
import { sqliteStore } from '@hearth/store-sqlite';
import { mqttConnection, mqttPublisher, mqttTrigger } from '../../src/index.ts';
import { silent } from '../thermostat.ts';
import { app } from './heating.ts';
import { out, standstill, workerId, type Job } from './job.ts';

process.once('message', (job: Job) => void work(job));
// Whoever started it has gone.
process.once('disconnect', () => process.exit());
process.send?.('loaded');

async function work({ url, file, startedAt }: Job): Promise<void> {
  const clock = { ...systemClock(), now: () => standstill };
  // Ahead of every grace: this sweeper wants each output that it sees, while the trigger is busy with it.
  const ahead = {
    ...clock,
    now: () => standstill + 60_000 + Date.now() - startedAt,
  };
  const store = sqliteStore({ file });
  const reconnect = { minMs: 20, maxMs: 100 };
  const broker = mqttConnection({ url, clientId: workerId, reconnect, logger: silent });
  const types = [...app.types.keys(), 'hearth.deadletter'];
  const topics = Object.fromEntries(types.map((type) => [type, out]));
  const runtime = { store, publisher: mqttPublisher({ broker, topics }), logger: silent };
  const trigger = mqttTrigger(app, {
    ...runtime,
    broker,
    clock,
    topics: { 'in/{device}': {} },
    principal: { kind: 'service', id: 'test' },
    sweeper: 'elsewhere',
    retry: { minMs: 20, maxMs: 200 },
  });
  await trigger.ready;
  process.send?.('subscribed');
  const sweeping = sweeper(app, nodeRuntime({ ...runtime, clock: ahead }), { everyMs: 250 });
  onShutdown(async () => {
    await trigger.stop();
    await sweeping.stop();
    await broker.close();
    await store.close();
  });
}
