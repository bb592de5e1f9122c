import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { localBroker, type LocalBroker, type LocalBrokerOptions } from './broker.ts';

let folder: string;
let open: (() => Promise<void>)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-broker-'));
  open = [];
});

afterEach(async () => {
  for (const close of open.toReversed()) await close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(more: Partial<LocalBrokerOptions> = {}): Promise<LocalBroker> {
  const options = { file: join(folder, 'broker.db'), app: 'app', wants: () => true, ...more };
  const broker = await localBroker(options);
  open.push(broker.close);
  return broker;
}

async function client(
  { url }: LocalBroker,
  clientId: string,
  options: IClientOptions = {},
): Promise<MqttClient> {
  const made = await connectAsync(url, { clientId, clean: false, reconnectPeriod: 0, ...options });
  open.push(() => made.endAsync(true));
  return made;
}

/** An app that acknowledges the messages for which `isDealtWith` is true. */
async function app(broker: LocalBroker, isDealtWith: (text: string) => boolean) {
  const made = await client(broker, 'app');
  const seen: string[] = [];
  const arrivals = new EventEmitter();
  made.handleMessage = ({ payload }, done) => {
    const text = payload.toString();
    seen.push(text);
    arrivals.emit('message');
    if (isDealtWith(text)) done();
  };
  await made.subscribeAsync('device/+/temperature', { qos: 1 });
  const until = async (count: number) => {
    while (seen.length < count) await once(arrivals, 'message');
    return seen;
  };
  return { seen, until, end: () => made.endAsync(true) };
}

const next = (from: MqttClient, event: 'message' | 'close') =>
  new Promise((resolve) =>
    from.once(event, (_topic?: string, payload?: Buffer) => resolve(payload)),
  );

it('delivers again after a restart what the app has not acknowledged, and nothing else', async () => {
  const first = await start();
  const busy = await app(first, (text) => text === 'one');
  const device = await client(first, 'd1');
  for (const text of ['one', 'two', 'three']) {
    await device.publishAsync('device/d1/temperature', text, { qos: 1 });
  }
  await busy.until(2);
  await device.endAsync();
  await busy.end();
  await first.close();

  const again = await app(await start(), () => true);
  expect(await again.until(2)).toEqual(['two', 'three']);
});

it('gives the app what is left before a device can send the last of it again', async () => {
  const first = await start();
  const busy = await app(first, () => false);
  const device = await client(first, 'd1');
  for (const text of ['one', 'two']) {
    await device.publishAsync('device/d1/temperature', text, { qos: 1 });
  }
  await busy.until(1);
  await device.endAsync();
  await busy.end();
  await first.close();

  const second = await start();
  const again = client(second, 'd1').then((same) =>
    same.publishAsync('device/d1/temperature', 'two', { qos: 1 }),
  );
  const listening = await app(second, () => true);
  await again;
  expect(await listening.until(3)).toEqual(['one', 'two', 'two']);
});

it('forgets an event when the app has dealt with it, not when it is acknowledged', async () => {
  const event = (id: string) => ({ specversion: '1.0', id, source: 'd1', type: 't' }) as const;
  const first = await start();
  const busy = await app(first, () => true);
  const device = await client(first, 'd1');
  for (const id of ['1', '2']) {
    await device.publishAsync('device/d1/temperature', JSON.stringify(event(id)), { qos: 1 });
  }
  await busy.until(2);
  first.settled(event('1'));
  await device.endAsync();
  await busy.end();
  await first.close();

  const again = await app(await start(), () => true);
  const [left = ''] = await again.until(1);
  expect(JSON.parse(left)).toMatchObject({ id: '2' });
});

it('keeps retained messages, until an empty one takes them away', async () => {
  const first = await start();
  const publisher = await client(first, 'app');
  await publisher.publishAsync('device/d1/desired', '18', { qos: 1, retain: true });
  await publisher.publishAsync('device/d2/desired', '19', { qos: 1, retain: true });
  await publisher.publishAsync('device/d2/desired', '', { qos: 1, retain: true });
  await publisher.endAsync();
  await first.close();

  const second = await start();
  await app(second, () => true);
  const device = await client(second, 'd1');
  const message = next(device, 'message');
  await device.subscribeAsync('device/+/desired', { qos: 1 });
  expect(String(await message)).toBe('18');
});

it('comes back at the port that devices know', async () => {
  const first = await start();
  await first.close();
  expect((await start()).port).toBe(first.port);
});

it('takes another port when that one is in use', async () => {
  const first = await start();
  const second = await start();
  expect(second.port).not.toBe(first.port);
});

it('refuses a client that publishes what is not its own', async () => {
  const mayPublish = (user: string | undefined, topic: string) => topic.includes(`/${user}/`);
  const broker = await start({ mayPublish });
  const listening = await app(broker, () => true);
  const thief = await client(broker, 'thief', { username: 'thief' });
  const closed = next(thief, 'close');
  thief.publish('device/d1/temperature', 'stolen', { qos: 1 });
  await closed;
  const owner = await client(broker, 'd1', { username: 'd1' });
  await owner.publishAsync('device/d1/temperature', 'own', { qos: 1 });
  expect(await listening.until(1)).toEqual(['own']);
});
