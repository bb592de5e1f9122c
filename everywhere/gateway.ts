import { mqttConnection, mqttTrigger } from '@hearth/adapter-mqtt';
import { encodeMqtt } from '@hearth/core/event';
import type { TriggerMessage } from '@hearth/testing/conformance';
import { commandPath } from '@hearth/testing/needs';
import { aedes } from '../packages/adapter-mqtt/test/aedes.ts';
import { client } from '../packages/adapter-mqtt/test/client.ts';
import { mosquitto } from '../packages/adapter-mqtt/test/mosquitto.ts';
import { until } from '../packages/adapter-mqtt/test/until.ts';
import { app } from './home.ts';
import { channelLimits, type Way } from './way.ts';

const command = commandPath('mosquitto');
// Else the broker waits before it sends what is small.
const lines = ['allow_anonymous true', 'set_tcp_nodelay true'];

interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

type Version = 4 | 5;

function messageOf(message: TriggerMessage, version: Version, mode: 'binary' | 'structured') {
  if ('raw' in message) return { payload: Buffer.from(message.raw) };
  const { payload, properties } = encodeMqtt(message.event, version === 4 ? { version } : { mode });
  return { payload: Buffer.from(payload), properties };
}

/** The broker is believed to let a device publish below its own name only, as an access list makes it do. */
function way(
  name: string,
  start: () => Promise<Broker>,
  version: Version,
  mode: 'binary' | 'structured',
): Way {
  const { devicesOnly, textAttributes } = channelLimits;
  return {
    name,
    limits: mode === 'binary' ? [devicesOnly, textAttributes] : [devicesOnly],
    batches: true,
    async open(runtime) {
      const { url, stop } = await start();
      const { logger } = runtime;
      const broker = mqttConnection({
        url,
        clientId: 'gateway',
        version,
        ...(logger && { logger }),
      });
      const topics = { 'device/{device}/events': {} };
      const options = { ...runtime, broker, topics, sweeper: 'elsewhere' } as const;
      const trigger = mqttTrigger(app, { ...options, principal: 'topic' });
      await trigger.ready;
      const sender = await client(url, { protocolVersion: version });
      return {
        async deliver(messages) {
          const { done, rejected } = trigger.stats();
          const before = done + rejected;
          await Promise.all(
            messages.map((message) => {
              const { payload, properties } = messageOf(message, version, mode);
              const to = `device/${message.principal.id}/events`;
              return sender.publishAsync(to, payload, {
                qos: 1,
                ...(properties && { properties }),
              });
            }),
          );
          const answered = () => trigger.stats().done + trigger.stats().rejected - before;
          await until(() => answered() >= messages.length, { interval: 1 });
          return messages.map(() => 'acknowledged');
        },
        async close() {
          await trigger.stop();
          await broker.close();
          await sender.endAsync();
          await stop();
        },
      };
    },
  };
}

const absent = 'mosquitto, the broker';

/** Every way in beside a broker. */
export const gatewayWays: readonly Way[] = [
  way('MQTT 3.1.1 beside aedes', aedes, 4, 'structured'),
  {
    ...way('MQTT 5 beside mosquitto', () => mosquitto(command ?? '', lines), 5, 'binary'),
    ...(command === undefined ? { missing: absent } : {}),
  },
];
