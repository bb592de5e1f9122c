import { mqttConnection, mqttPublisher, mqttTrigger } from '@hearth/adapter-mqtt';
import { onShutdown } from '@hearth/node';
import { sqliteDeadLetters, sqliteStore } from '@hearth/store-sqlite';
import { app } from './home.ts';
import { setting } from './settings.ts';
import { said, told } from './topics.ts';

const broker = mqttConnection({ url: setting('BROKER_URL'), clientId: 'home' });
const store = sqliteStore({ file: setting('FILE') });
const operator = { kind: 'service', id: 'operator' } as const;
const gateway = mqttTrigger(app, {
  broker,
  store,
  publisher: mqttPublisher({ broker, topics: told }), // the rest goes nowhere
  deadLetters: sqliteDeadLetters(store),
  topics: {
    ...said,
    'registry/{device}/bound': { type: 'hearth.device.bound', principal: operator },
  },
  principal: 'topic', // the broker lets each device publish below its own name only
});
onShutdown(() => store.close()); // last of all
onShutdown(() => broker.close());
onShutdown(() => gateway.stop());
await gateway.ready;
