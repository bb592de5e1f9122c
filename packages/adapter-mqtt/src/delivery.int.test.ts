import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { faultyStore } from '@hearth/testing';
import { commandPath, needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aedes } from '../test/aedes.ts';
import { client, listener, owed } from '../test/client.ts';
import { gate, gateway } from '../test/gateway.ts';
import { mosquitto, type Mosquitto } from '../test/mosquitto.ts';
import { app, reading, thermostat, topics, world } from '../test/thermostat.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { mqttPublisher } from './publisher.ts';
import { mqttTrigger } from './trigger.ts';
import { until } from '../test/until.ts';

const command = commandPath('mosquitto');
let broker: Mosquitto | undefined;

beforeAll(async () => {
  if (command !== undefined) broker = await mosquitto(command);
});

afterAll(() => broker?.stop());

const mosquittoFor = (test: { skip(note: string): never }) =>
  needs(test, broker, 'mosquitto, the broker');

/** Publishes temperatures of devices, each after the broker has taken the one before. */
async function publish(url: string, ...readings: readonly (readonly [string, number])[]) {
  const device = await client(url);
  for (const [name, celsius] of readings) {
    const payload = JSON.stringify({ celsius });
    await device.publishAsync(`device/${name}/temperature`, payload, { qos: 1 });
  }
  await device.endAsync();
}

describe('an acknowledgement', () => {
  it('is not sent before the effects are saved', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    const { pass, open } = gate();
    const save = async (...args: Parameters<typeof at.store.save>) => {
      await pass();
      return at.store.save(...args);
    };
    const {
      trigger,
      clientId,
      broker: link,
    } = gateway(url, {
      trigger: { store: { ...at.store, save }, drainMs: 0 },
    });
    await trigger.ready;
    await publish(url, ['t1', 20]);
    await until(() => trigger.stats().inHand === 1);
    await trigger.stop();
    await link.close();
    open();
    expect(await owed(url, clientId)).toEqual(['{"celsius":20}']);
  });

  it('is not sent by a process that dies before the save: another one gets the message', async (test) => {
    const { url } = mosquittoFor(test);
    const clientId = `dying-${process.pid}`;
    const path = new URL('../test/dying-gateway.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [path, url, clientId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('ready'), { timeout: 10_000 });
    await publish(url, ['t1', 20]);
    await until(() => said.includes('asked'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { heard, answered } = gateway(url, { connection: { clientId } });
    await answered(1);
    expect(await heard('t1')).toEqual([20]);
  });

  it('is sent for a message that has become a dead letter, and for no other reason', async (test) => {
    const { url } = mosquittoFor(test);
    const { trigger, answered, deadLetters, clientId, stop } = gateway(url);
    await trigger.ready;
    await publish(url, ['t1', 99]);
    const other = await client(url);
    await other.publishAsync('device/t1/events', 'no event', { qos: 1 });
    await answered(2);
    await stop();
    expect(await owed(url, clientId)).toEqual([]);
    const codes = deadLetters.published.map(({ event }) => (event.data as { code: string }).code);
    expect(codes.toSorted()).toEqual(['step-failed', 'unsupported-media-type']);
    await other.endAsync();
  });

  it('is sent for what the sender says again, which has no second effect', async (test) => {
    const { url } = mosquittoFor(test);
    const { trigger, answered, heard } = gateway(url);
    await trigger.ready;
    const device = await client(url);
    for (const id of ['1', '1', '2']) {
      await device.publishAsync('device/t1/events', reading('t1', id, 20), { qos: 1 });
    }
    const properties = { userProperties: { id: '3' } };
    for (let i = 0; i < 2; i += 1) {
      await device.publishAsync('device/t1/temperature', '{"celsius":21}', { qos: 1, properties });
    }
    await answered(5);
    expect(await heard('t1')).toEqual([20, 20, 21]);
    await device.endAsync();
  });
});

describe('what must be tried again', () => {
  it('keeps the order of its device, and holds up no other', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    let isFull = true;
    const store = faultyStore(at.store, ({ key }) =>
      isFull && key === 'com.acme.thermostat/t1' ? 'full' : undefined,
    );
    const { trigger, answered } = gateway(url, { trigger: { store } });
    await trigger.ready;
    await publish(url, ['t1', 1], ['t1', 2], ['t2', 3], ['t1', 4], ['t2', 5]);
    await answered(2);
    expect(await at.heard('t2')).toEqual([3, 5]);
    await until(() => trigger.stats().retry > 3);
    isFull = false;
    await answered(5);
    expect(await at.heard('t1')).toEqual([1, 2, 4]);
  });

  it('is not lost while the store is away, and not doubled after it is back', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    let isDown = true;
    const store = faultyStore(at.store, () => (isDown ? 'down' : undefined));
    const { trigger, answered, clientId, stop } = gateway(url, { trigger: { store } });
    await trigger.ready;
    await publish(url, ['t1', 1], ['t2', 2], ['t1', 3]);
    await until(() => trigger.stats().retry > 6);
    expect(trigger.stats()).toMatchObject({ done: 0, rejected: 0, inHand: 3 });
    isDown = false;
    await answered(3);
    expect([await at.heard('t1'), await at.heard('t2')]).toEqual([[1, 3], [2]]);
    await stop();
    expect(await owed(url, clientId)).toEqual([]);
  });
});

describe('the messages of a device', () => {
  it('are handled in the order in which they were published, a thousand among others', async (test) => {
    const { url } = mosquittoFor(test);
    const { trigger, answered, heard } = gateway(url, { trigger: { maxBatch: 7 } });
    await trigger.ready;
    const names = ['t1', 't2', 't3'];
    const device = await client(url);
    const sent = Array.from({ length: 999 }, (_, index) =>
      device.publishAsync(
        `device/${names[index % 3]}/temperature`,
        JSON.stringify({ celsius: index + 100 }),
        { qos: 1 },
      ),
    );
    await Promise.all(sent);
    await answered(999);
    const all = await Promise.all(names.map(heard));
    for (const [index, one] of all.entries()) {
      expect(one).toEqual(Array.from({ length: 333 }, (_, at) => 100 + index + 3 * at));
    }
    await device.endAsync();
  });
});

describe('batches', () => {
  it('grow while one is being handled', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    const { pass, open } = gate();
    const load = async (keys: readonly string[]) => {
      await pass();
      return at.store.load(keys);
    };
    const { trigger, answered } = gateway(url, { trigger: { store: { ...at.store, load } } });
    await trigger.ready;
    await publish(url, ['t0', 1]);
    await until(() => trigger.stats().inHand === 1);
    await publish(url, ...Array.from({ length: 20 }, (_, index) => [`t${index + 1}`, 1] as const));
    await until(() => trigger.stats().inHand === 21);
    open();
    await answered(21);
    expect(trigger.stats().batches).toBeLessThan(8);
  });

  it('do not wait for one that takes its time, unless it has the same device', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    const { pass, open } = gate();
    const load = async (keys: readonly string[]) => {
      if (keys.some((key) => key.endsWith('/slow'))) await pass();
      return at.store.load(keys);
    };
    const { trigger, answered } = gateway(url, { trigger: { store: { ...at.store, load } } });
    await trigger.ready;
    await publish(url, ['slow', 1]);
    await until(() => trigger.stats().inHand === 1);
    await publish(url, ['slow', 2], ['quick', 3]);
    await answered(1);
    expect([await at.heard('quick'), await at.heard('slow')]).toEqual([[3], []]);
    open();
    await answered(3);
    expect(await at.heard('slow')).toEqual([1, 2]);
  });
});

describe('stop', () => {
  it('finishes and acknowledges what is being handled, and leaves the rest to the next process', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    const { pass, open } = gate();
    let isHeld = false;
    const load = async (keys: readonly string[]) => {
      isHeld = true;
      await pass();
      return at.store.load(keys);
    };
    const {
      trigger,
      broker: link,
      clientId,
    } = gateway(url, {
      trigger: { store: { ...at.store, load } },
    });
    await trigger.ready;
    await publish(url, ['t1', 1]);
    await until(() => isHeld);
    const stopped = trigger.stop();
    await publish(url, ['t1', 2]);
    open();
    await stopped;
    await link.close();
    expect(await at.heard('t1')).toEqual([1]);
    expect(await owed(url, clientId)).toEqual(['{"celsius":2}']);
  });
});

describe('the answers of the app', () => {
  it('are published on the connection by which the messages come', async (test) => {
    const { url } = mosquittoFor(test);
    const at = world();
    const link = mqttConnection({ url, clientId: `shared-${process.pid}`, logger: at.logger });
    const publisher = mqttPublisher({
      broker: link,
      topics: { 'com.acme.thermostat.desired': 'device/{subject}/desired' },
    });
    const set = { 'home/{device}/set': { principal: { kind: 'service', id: 'backend' } as const } };
    const trigger = mqttTrigger(app, {
      ...at,
      broker: link,
      publisher,
      topics: { ...topics, ...set },
    });
    await trigger.ready;
    const desired = await listener(url, 'device/+/desired');
    const backend = await client(url);
    const wishes = Array.from({ length: 200 }, (_, index) => index + 101);
    await Promise.all(
      wishes.map((celsius) => {
        const { type, subject, data } = thermostat.set('t1', { occupiedHeatingSetpoint: celsius });
        const event = {
          specversion: '1.0',
          id: String(celsius),
          source: 'urn:b',
          type,
          subject,
          data,
        };
        return backend.publishAsync('home/t1/set', JSON.stringify(event), { qos: 1 });
      }),
    );
    await until(() => desired.packets.length >= 200, { timeout: 10_000 });
    const setpoints = desired.texts().map((text) => {
      const { data } = JSON.parse(text) as {
        data: { desired: { occupiedHeatingSetpoint: number } };
      };
      return data.desired.occupiedHeatingSetpoint;
    });
    expect(setpoints).toEqual(wishes);
    await trigger.stop();
    await link.close();
    await Promise.all([backend.endAsync(), desired.end()]);
  });
});

it('works the same beside aedes, which speaks MQTT 3.1.1 only', async () => {
  const laptop = await aedes();
  const { trigger, answered, heard, broker: link, stop } = gateway(laptop.url);
  await trigger.ready;
  expect(link.version).toBe(4);
  const device = await client(laptop.url, { protocolVersion: 4 });
  await device.publishAsync('device/t1/temperature', '{"celsius":20}', { qos: 1 });
  await device.publishAsync('device/t1/events', reading('t1', '1', 21), { qos: 1 });
  await answered(2);
  expect(await heard('t1')).toEqual([20, 21]);
  await device.endAsync();
  await stop();
  await laptop.stop();
});
