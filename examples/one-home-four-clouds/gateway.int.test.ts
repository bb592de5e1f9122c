import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import { buildFor } from './build.ts';
import { program } from './test/program.ts';
import { misstated } from './test/stated-sizes.ts';

// The compiler starts slowly on a busy machine.
const timeout = 120_000;

it(
  'one home beside an MQTT broker takes a reading, and sends the wish to the device',
  { timeout },
  async () => {
    const dist = mkdtempSync(join(tmpdir(), 'hearth-gateway-'));
    onTestFinished(() => rmSync(dist, { recursive: true, force: true }));
    expect(misstated(await buildFor(['gateway'], dist))).toEqual([]);
    const broker = await Aedes.createBroker();
    const server = createServer(broker.handle.bind(broker)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      broker.close();
      server.close();
    });
    const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;

    let isReady = false;
    broker.once('subscribe', () => {
      isReady = true;
    });
    const env = { BROKER_URL: url, FILE: join(dist, 'home.db'), LOG_LEVEL: 'warn' };
    const file = join(dist, 'gateway/gateway.mjs');
    const gateway = await program(file, env, () => isReady);

    const device = await connectAsync(url, { clientId: 't1', protocolVersion: 4 });
    onTestFinished(() => device.endAsync());
    await device.subscribeAsync('device/t1/desired', { qos: 1 });
    const wish = once(device, 'message') as Promise<[string, Buffer]>;
    await device.publishAsync('registry/t1/bound', '{"home":"h1"}', { qos: 1 });
    await device.publishAsync('device/h1/occupancy', '{"occupants":0}', { qos: 1 });
    await device.publishAsync('device/t1/temperature', '{"celsius":14}', { qos: 1 });
    const [, payload] = await wish;
    expect(JSON.parse(payload.toString())).toMatchObject({
      type: 'com.acme.thermostat.desired',
      subject: 't1',
      data: { desired: { occupiedHeatingSetpoint: 18 } },
    });
    expect(await gateway.stop()).toBe(0);
  },
);
