import { commandPath, needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { aedes } from '../test/aedes.ts';
import { client } from '../test/client.ts';
import { gate, gateway } from '../test/gateway.ts';
import { mosquitto, type Mosquitto } from '../test/mosquitto.ts';
import { scriptedBroker } from '../test/scripted-broker.ts';
import { app, silent, thermostat, topics, world } from '../test/thermostat.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { mqttPublisher } from './publisher.ts';
import { mqttTrigger, type MqttTriggerStats } from './trigger.ts';
import { until } from '../test/until.ts';

const command = commandPath('mosquitto');
let broker: Mosquitto | undefined;

beforeAll(async () => {
  if (command !== undefined) broker = await mosquitto(command);
});

afterAll(() => broker?.stop());

/** A world whose store answers nothing until its gate is opened. */
function stuck() {
  const at = world();
  const { pass, open } = gate();
  const load = async (keys: readonly string[]) => {
    await pass();
    return at.store.load(keys);
  };
  return { ...at, open, store: { ...at.store, load } };
}

async function flood(url: string, messages: number, protocolVersion: 4 | 5) {
  const sender = await client(url, { protocolVersion });
  onTestFinished(() => void sender.end(true));
  const payload = `{"celsius":20,"more":"${'x'.repeat(1_000)}"}`;
  for (let i = 0; i < messages; i += 1) {
    sender.publish(`device/t${i}/temperature`, payload, { qos: 1 });
  }
}

describe('a gateway that cannot keep up', () => {
  it('is sent no more than it asked for, and gets everything in the end, with MQTT 5', async (test) => {
    const { url } = needs(test, broker, 'mosquitto, the broker');
    const at = stuck();
    const { trigger, answered } = gateway(url, {
      connection: { inFlight: 50 },
      trigger: { store: at.store },
    });
    await trigger.ready;
    await flood(url, 2_000, 5);
    await until(() => trigger.stats().inHand === 50);
    at.open();
    await answered(2_000);
    expect(trigger.stats().inHand).toBe(0);
  });

  it.each([
    ['messages', { inFlight: 50 }, {}, ({ inHand }: MqttTriggerStats) => inHand / 100],
    [
      'bytes',
      {},
      { maxBytesInHand: 1e5 },
      ({ bytesInHand }: MqttTriggerStats) => bytesInHand / 1e5,
    ],
  ])(
    'stops reading at so many %s, and gets everything in the end, with MQTT 3.1.1',
    async (...row) => {
      const [, connection, options, fullness] = row;
      const laptop = await aedes();
      onTestFinished(() => laptop.stop());
      const at = stuck();
      const { trigger, answered, stop } = gateway(laptop.url, {
        connection,
        trigger: { ...options, store: at.store },
      });
      onTestFinished(stop);
      await trigger.ready;
      await flood(laptop.url, 2_000, 4);
      await until(() => fullness(trigger.stats()) >= 1);
      // Whatever else is on its way gets its chance to come.
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      expect(fullness(trigger.stats())).toBeLessThan(1.02);
      at.open();
      await answered(2_000);
    },
  );
});

describe('a gateway that is full', () => {
  it('still hears the answer to what it publishes, or it would wait for itself', async () => {
    const scripted = await scriptedBroker();
    onTestFinished(() => scripted.stop());
    const at = world();
    const link = mqttConnection({
      url: scripted.url,
      clientId: 'full',
      inFlight: 1,
      logger: silent,
    });
    const publisher = mqttPublisher({
      broker: link,
      topics: { 'com.acme.thermostat.desired': 'device/{subject}/desired' },
      timeoutMs: 5_000,
    });
    const principal = { kind: 'service', id: 'backend' } as const;
    const trigger = mqttTrigger(app, { ...at, broker: link, publisher, topics, principal });
    await trigger.ready;
    const { type, subject, data } = thermostat.set('t1', { occupiedHeatingSetpoint: 18 });
    // More than it has room for, in one piece: the answers to its publications come behind them.
    for (let id = 1; id <= 20; id += 1) {
      const event = { specversion: '1.0', id: `${id}`, source: '/b', type, subject, data };
      const wish = { ...event, data: { ...data, occupiedHeatingSetpoint: id } };
      scripted.send({
        cmd: 'publish',
        topic: 'device/t1/events',
        payload: JSON.stringify(wish),
        qos: 1,
        dup: false,
        retain: false,
        messageId: id,
      });
    }
    await until(() => trigger.stats().done === 20, { timeout: 4_000 });
    const desired = scripted.packets.filter(({ cmd }) => cmd === 'publish');
    expect(desired.length).toBeGreaterThan(0);
    await trigger.stop();
    await link.close();
  });
});
