import { handle, type Draft } from '@hearth/core';
import { commandPath, needs } from '@hearth/testing/needs';
import type { Client } from 'aedes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aedes } from '../../test/aedes.ts';
import { client } from '../../test/client.ts';
import { app, lamp, sensor } from '../../test/fielded.ts';
import { mosquitto } from '../../test/mosquitto.ts';
import { silent, world } from '../../test/thermostat.ts';
import { until } from '../../test/until.ts';
import { mqttConnection } from '../mqtt-connection.ts';
import { mqttPublisher } from '../publisher.ts';
import { mqttTrigger } from '../trigger.ts';
import { awsShadowWire } from './aws-shadow.ts';
import { azureTwinWire } from './azure-twin.ts';

/** A gateway that serves both kinds of devices, and in which somebody can wish. */
async function gateway(url: string) {
  const { store, deadLetters } = world();
  const broker = mqttConnection({ url, clientId: 'gateway', logger: silent });
  const wires = [
    awsShadowWire(lamp, { store, principal: 'topic' }),
    azureTwinWire(sensor, { store, principal: 'topic' }),
  ];
  const publisher = mqttPublisher({ broker, topics: {}, wires });
  const trigger = mqttTrigger(app, {
    broker,
    store,
    publisher,
    deadLetters,
    topics: {},
    wires,
    logger: silent,
  });
  onTestFinished(async () => {
    await trigger.stop();
    await broker.close();
  });
  await trigger.ready;
  let count = 0;
  return {
    trigger,
    wish: ({ type, subject, data }: Draft) => {
      const id = `wish-${(count += 1)}`;
      const event = { specversion: '1.0', id, source: 'urn:app', type, subject, data } as const;
      const input = { event, principal: { kind: 'service', id: 'app' } } as const;
      return handle(app, [input], trigger.runtime);
    },
  };
}

/** Firmware: it publishes, and waits for what comes on its topics. */
async function firmware(url: string, clientId: string, filters: readonly string[]) {
  const device = await client(url, { clientId, protocolVersion: 4 });
  onTestFinished(() => void device.end(true));
  const heard: { readonly topic: string; readonly text: string }[] = [];
  device.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }));
  for (const filter of filters) await device.subscribeAsync(filter, { qos: 1 });
  return {
    publish: (topic: string, text: string, qos: 0 | 1 = 1) =>
      device.publishAsync(topic, text, { qos }),
    async hears(topic: string) {
      await until(() => heard.some((one) => one.topic === topic), { interval: 2 });
      const { text = '' } =
        heard.splice(
          heard.findIndex((one) => one.topic === topic),
          1,
        )[0] ?? {};
      return text === '' ? undefined : (JSON.parse(text) as Readonly<Record<string, unknown>>);
    },
    heard,
  };
}

describe('firmware that speaks to a device shadow, at mosquitto', () => {
  it('reports, hears what is wished for, does it, and comes back', async (test) => {
    const command = needs(test, commandPath('mosquitto'), 'mosquitto, the broker');
    const { url, stop } = await mosquitto(command);
    onTestFinished(stop);
    const { wish, trigger } = await gateway(url);
    const base = '$aws/things/t1/shadow';
    const filters = [`${base}/+/accepted`, `${base}/+/rejected`, `${base}/update/delta`];
    const device = await firmware(url, 't1', filters);

    await device.publish(`${base}/get`, '');
    expect(await device.hears(`${base}/get/rejected`)).toMatchObject({ code: 404 });
    await device.publish(
      `${base}/update`,
      '{"state":{"reported":{"color":"GREEN"}},"clientToken":"1"}',
    );
    expect(await device.hears(`${base}/update/accepted`)).toMatchObject({
      version: 1,
      clientToken: '1',
    });
    await wish(lamp.set('t1', { color: 'RED' }));
    expect(await device.hears(`${base}/update/delta`)).toMatchObject({
      version: 2,
      state: { color: 'RED' },
    });
    await device.publish(`${base}/update`, '{"state":{"reported":{"color":"RED"}}}', 0);
    expect(await device.hears(`${base}/update/accepted`)).toMatchObject({ version: 3 });
    await device.publish(`${base}/get`, '{"clientToken":"2"}');
    const document = await device.hears(`${base}/get/accepted`);
    expect(document).toMatchObject({
      version: 3,
      clientToken: '2',
      state: { reported: { color: 'RED' } },
    });
    expect(document).not.toHaveProperty('state.delta');
    await device.publish(`${base}/update`, '{"state":');
    expect(await device.hears(`${base}/update/rejected`)).toMatchObject({ code: 400 });
    expect(device.heard).toEqual([]);
    await until(() => trigger.stats().inHand === 0);
    expect(trigger.stats()).toMatchObject({ rejected: 1, retry: 0 });
  });
});

describe('firmware that speaks to IoT Hub, at a broker that names it', () => {
  it('gets its twin, reports, hears what is desired, and acknowledges it', async () => {
    const { broker, url, stop } = await aedes();
    onTestFinished(stop);
    // What a broker's mount point does: the topics of a device begin with its name, for all but the gateway.
    const mount = (one: Client | null) =>
      one === null || one.id === 'gateway' ? '' : `devices/${one.id}/`;
    broker.authorizePublish = (one, packet, done) => {
      packet.topic = mount(one) + packet.topic;
      done(null);
    };
    broker.authorizeSubscribe = (one, subscription, done) => {
      done(null, { ...subscription, topic: mount(one) + subscription.topic });
    };
    broker.authorizeForward = (one, packet) => ({
      ...packet,
      topic: packet.topic.slice(mount(one).length),
    });
    const { wish } = await gateway(url);
    const hub = '$iothub/twin';
    const filters = [`${hub}/res/#`, `${hub}/PATCH/properties/desired/#`];
    const device = await firmware(url, 's1', filters);
    const other = await firmware(url, 's2', filters);

    await device.publish(`${hub}/GET/?$rid=1`, '');
    expect(await device.hears(`${hub}/res/200/?$rid=1`)).toEqual({
      desired: { thermostat1: undefined, $version: 0 },
      reported: { $version: 0 },
    });
    await device.publish(`${hub}/PATCH/properties/reported/?$rid=2`, '{"batteryLevel":55}');
    expect(await device.hears(`${hub}/res/204/?$rid=2&$version=1`)).toBeUndefined();
    await wish(sensor.set('s1', { targetTemperature: 23 }));
    expect(await device.hears(`${hub}/PATCH/properties/desired/?$version=1`)).toEqual({
      targetTemperature: 23,
      $version: 1,
    });
    const done = '{"targetTemperature":{"value":23,"ac":200,"av":1,"ad":"complete"}}';
    await device.publish(`${hub}/PATCH/properties/reported/?$rid=3`, done);
    expect(await device.hears(`${hub}/res/204/?$rid=3&$version=2`)).toBeUndefined();
    await device.publish(`${hub}/PATCH/properties/reported/?$rid=4`, '[]');
    expect(await device.hears(`${hub}/res/400/?$rid=4`)).toBeUndefined();
    expect([...device.heard, ...other.heard]).toEqual([]);
  });
});
