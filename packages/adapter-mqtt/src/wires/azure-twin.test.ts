import { read } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { describe, expect, it } from 'vitest';
import { sensor, served } from '../../test/fielded.ts';
import { azureTwinWire } from './azure-twin.ts';

const base = 'devices/t1/$iothub/twin';
const patch = (rid: string) => `${base}/PATCH/properties/reported/?$rid=${rid}`;
const twin = (more: object = {}) =>
  served((store) => azureTwinWire(sensor, { store, principal: 'topic', ...more }));

// The documents are those of "Communicate with an IoT hub using the MQTT protocol" and "IoT Plug and Play conventions".
describe('a device twin', () => {
  it('is the documented one', async () => {
    const { publish, ...at } = twin();
    await at.wish(sensor.set('t1', { telemetrySendFrequency: '5m' }));
    await publish(patch('1'), { telemetrySendFrequency: '5m', batteryLevel: 54 });
    await publish(patch('2'), { batteryLevel: 55 });
    expect(await publish(`${base}/GET/?$rid=3`, '')).toEqual([
      {
        topic: `${base}/res/200/?$rid=3`,
        document: {
          desired: { telemetrySendFrequency: '5m', $version: 1 },
          reported: {
            telemetrySendFrequency: '5m',
            batteryLevel: 55,
            thermostat1: {},
            $version: 2,
          },
        },
      },
    ]);
  });

  it('answers a patch with the version of what is reported', async () => {
    const { publish } = twin();
    const document = { telemetrySendFrequency: '35m', batteryLevel: 60 };
    expect(await publish(patch('7b'), document)).toEqual([
      { topic: `${base}/res/204/?$rid=7b&$version=1`, document: '' },
    ]);
  });

  it('tells what is desired, with its version in topic and document', async () => {
    const at = twin();
    expect(await at.wish(sensor.set('t1', { telemetrySendFrequency: '5m' }))).toEqual([
      {
        topic: `${base}/PATCH/properties/desired/?$version=1`,
        document: { telemetrySendFrequency: '5m', $version: 1 },
      },
    ]);
  });

  it('refuses what is no patch, and who may not', async () => {
    const { publish } = twin();
    const status = async (document: unknown, at = publish) => {
      const [{ topic } = { topic: '' }] = await at(patch('1'), document);
      return /res\/(\d+)/.exec(topic)?.[1];
    };
    expect(await status('{')).toBe('400');
    expect(await status([])).toBe('400');
    expect(await status({ batteryLevel: 'x' })).toBe('400');
    expect(await status({ targetTemperature: { value: 1, ac: 200, av: 99 } })).toBe('400');
    expect(await status(new Uint8Array([0xff]))).toBe('400');
    expect(await status('x'.repeat(300_000))).toBe('413');
    expect(await status(`${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`)).toBe('400');
    expect(await status('{"__proto__":{"x":1}}')).toBe('400');
    expect(await status({}, twin({ principal: { kind: 'device', id: 't2' } }).publish)).toBe('403');
  });

  it.each([
    'devices/t1/$iothub/twin/GET/',
    'devices/t1/$iothub/twin/GET/?$rid=',
    'devices/t1/$iothub/twin/GET/?$rid=a%2Fb',
    'devices/t1/$iothub/twin/res/200/?$rid=1',
    '$iothub/twin/GET/?$rid=1',
    'other/t1/$iothub/twin/GET/?$rid=1',
  ])('does not read %s', (topic) => {
    expect(twin().wire.read({ topic, payload: new Uint8Array() }, () => '1')).toBeUndefined();
  });

  it('needs the name of the device in front of its topics', () => {
    expect(() => azureTwinWire(sensor, { store: memoryStore(), mount: 'hub' })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field: 'mount' }),
    );
    const wire = azureTwinWire(sensor, { store: memoryStore(), mount: '{device}' });
    expect(wire.filters).toEqual([
      '+/$iothub/twin/GET/+',
      '+/$iothub/twin/PATCH/properties/reported/+',
    ]);
  });
});

describe('IoT Plug and Play', () => {
  it('acknowledges what has been applied', async () => {
    const { publish, store, ...at } = twin();
    await at.wish(sensor.set('t1', { targetTemperature: 23.2 }));
    await publish(patch('1'), {
      targetTemperature: { value: 23.2, ac: 200, av: 1, ad: 'complete' },
    });
    const { state } = await read({ store }, sensor.ref('t1'));
    expect(state.reported.targetTemperature).toBe(23.2);
    expect(state.acknowledged).toEqual({ desiredRev: 1, status: 'applied', code: '200' });
    expect(await at.told()).toEqual([]);
  });

  it('is not asked again for what it rejects, and is for what else there is', async () => {
    const { publish, store, ...at } = twin();
    await at.wish(sensor.set('t1', { targetTemperature: 99, telemetrySendFrequency: '5m' }));
    await publish(patch('1'), {
      targetTemperature: { value: 20, ac: 400, av: 1, ad: 'too hot' },
      batteryLevel: 55,
    });
    expect(await at.told()).toEqual([
      {
        topic: `${base}/PATCH/properties/desired/?$version=1`,
        document: { telemetrySendFrequency: '5m', $version: 1 },
      },
    ]);
    const { state } = await read({ store }, sensor.ref('t1'));
    expect(state.reported).toMatchObject({ targetTemperature: 20, batteryLevel: 55 });
    expect(state.refused).toEqual({ '/targetTemperature': 1 });
  });

  it('says nothing yet with 202, and says what failed with 5xx', async () => {
    const { publish, store, ...at } = twin();
    await at.wish(sensor.set('t1', { targetTemperature: 23 }));
    await publish(patch('1'), { targetTemperature: { value: 20, ac: 202, av: 1 } });
    expect((await read({ store }, sensor.ref('t1'))).state.acknowledged).toBeUndefined();
    await publish(patch('2'), { targetTemperature: { value: 21, ac: 500, av: 1 } });
    const { state } = await read({ store }, sensor.ref('t1'));
    expect(state.acknowledged).toMatchObject({ status: 'failed', code: '500' });
    expect(state.sent).toEqual({ targetTemperature: 23 });
  });

  it('has components, marked on their way out and not kept', async () => {
    const { publish, store, ...at } = twin({ components: ['thermostat1'] });
    expect(await at.wish(sensor.set('t1', { thermostat1: { targetTemperature: 23 } }))).toEqual([
      {
        topic: `${base}/PATCH/properties/desired/?$version=1`,
        document: { thermostat1: { __t: 'c', targetTemperature: 23 }, $version: 1 },
      },
    ]);
    await publish(patch('1'), {
      thermostat1: { __t: 'c', targetTemperature: { value: 20, ac: 403, av: 1, ad: 'no' } },
    });
    const { state } = await read({ store }, sensor.ref('t1'));
    expect(state.reported.thermostat1).toEqual({ targetTemperature: 20 });
    expect(state.refused).toEqual({ '/thermostat1/targetTemperature': 1 });
    expect(await publish(`${base}/GET/?$rid=1`, '')).toMatchObject([
      { document: { desired: { thermostat1: { __t: 'c', targetTemperature: 23 } } } },
    ]);
  });
});
