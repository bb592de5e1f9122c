// A gateway whose store never answers; it says when it is ready and when a message has come.
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { mqttConnection, mqttTrigger } from '../src/index.ts';
import { app, silent, topics } from './thermostat.ts';

const [, , url = '', clientId = ''] = process.argv;
const broker = mqttConnection({ url, clientId, logger: silent });
const load = () => {
  process.stdout.write('asked\n');
  return new Promise<never>(() => undefined);
};
const trigger = mqttTrigger(app, {
  broker,
  store: { ...memoryStore(), load },
  publisher: memoryPublisher(),
  logger: silent,
  topics,
  principal: 'topic',
});
await trigger.ready;
process.stdout.write('ready\n');
