import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineApp, defineEvent, defineHandler, events, read } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { sqliteDeadLetters, sqliteStore, type SqliteStore } from '@hearth/store-sqlite';
import { expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { restartableAedes } from '../test/crash/brokers.ts';
import { aedes } from '../test/aedes.ts';
import { client, listener, owed } from '../test/client.ts';
import { gateway } from '../test/gateway.ts';
import { reading, silent, thermostat } from '../test/thermostat.ts';
import { mqttConnection } from './mqtt-connection.ts';
import { mqttPublisher } from './publisher.ts';
import { mqttTrigger } from './trigger.ts';
import { until } from '../test/until.ts';

const version = { protocolVersion: 4 } as const;

async function brokerUrl(): Promise<string> {
  const { url, stop } = await aedes();
  onTestFinished(stop);
  return url;
}

/** Opens stores in one file, which goes with the test. */
function fileOf() {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-trouble-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'home.db');
  const open = (more: object = {}, name = file): SqliteStore => {
    const store = sqliteStore({ file: name, ...more });
    onTestFinished(() => store.close());
    return store;
  };
  return { open, readOnly: () => open({}, `file:${file}?mode=ro`) };
}

async function deviceAt(url: string) {
  const device = await client(url, version);
  onTestFinished(() => void device.end(true));
  return (topic: string, payload: string | Buffer) =>
    device.publishAsync(topic, payload, { qos: 1 });
}

it('whatever comes on topics that nobody declared becomes a dead letter, and is acknowledged then only', async () => {
  const url = await brokerUrl();
  const clientId = 'curious';
  // An earlier release subscribed to everything, and its subscription is still in the session.
  const earlier = await client(url, { ...version, clientId, clean: false });
  await earlier.subscribeAsync('#', { qos: 1 });
  await earlier.endAsync();
  const store = fileOf().open();
  const letters = sqliteDeadLetters(store);
  let isDown = true;
  const deadLetters: typeof letters = {
    ...letters,
    publish: (all) => (isDown ? Promise.reject(new Error('down')) : letters.publish(all)),
  };
  const trigger = { store, deadLetters };
  const { trigger: started, stop } = gateway(url, { connection: { clientId }, trigger });
  await started.ready;
  const send = await deviceAt(url);
  const junk = ['', '\u0000', '{"celsius":', '[]', 'ON', randomBytes(300), 'x'.repeat(2 ** 20)];
  for (const [index, each] of junk.entries()) await send(`zigbee2mqtt/${index}/state`, each);
  await send('a/b', reading('t1', '1', 20));
  const count = junk.length + 1;
  // One that is tried again counts again, so the number of retries alone does not say that all have come.
  await until(() => started.stats().retry >= count && started.stats().inHand === count);
  expect(started.stats()).toMatchObject({ done: 0, rejected: 0, inHand: count });
  isDown = false;
  await until(() => started.stats().rejected === count, { timeout: 5_000 });
  const { letters: kept } = await letters.list({ limit: 100 });
  await stop();
  const codes = kept.map(({ body }) => (JSON.parse(body) as { data: { code: string } }).data.code);
  // The event is one, but nobody has proved who speaks.
  expect(codes.toSorted()).toEqual(['not-permitted', ...junk.map(() => 'unsupported-media-type')]);
  expect(await owed(url, clientId, version)).toEqual([]);
});

it.each([
  ['is full', (at: ReturnType<typeof fileOf>) => at.open({ maxFileBytes: 100_000 })],
  ['may only be read', (at: ReturnType<typeof fileOf>) => (at.open(), at.readOnly())],
] as const)('what a store that %s does not take is there for the next process', async (_, poor) => {
  const url = await brokerUrl();
  const at = fileOf();
  const connection = { clientId: 'poor' };
  const before = gateway(url, { connection, trigger: { store: poor(at), drainMs: 500 } });
  await before.trigger.ready;
  const send = await deviceAt(url);
  const devices = Array.from({ length: 300 }, (_device, index) => `t${index}`);
  for (const each of devices) await send(`device/${each}/events`, reading(each, '1', 20));
  const { stats } = before.trigger;
  // Of a save that is refused the core itself says so only after it has tried for a while.
  const isStuck = () => stats().received === 300 && (stats().retry > 0 || stats().done === 0);
  await until(isStuck);
  expect(stats().done).toBeLessThan(300);
  await before.stop();
  const store = at.open();
  const after = gateway(url, { connection, trigger: { store } });
  await after.answered(300 - stats().done);
  const heard = await Promise.all(devices.map((each) => read({ store }, thermostat.ref(each))));
  expect(heard.map(({ state }) => state.reported.heard)).toEqual(devices.map(() => [20]));
  await after.stop();
  expect(await owed(url, connection.clientId, version)).toEqual([]);
});

const rung = defineEvent('com.acme.rung', z.object({}));
const counted = defineEvent('com.acme.counted', z.object({ rings: z.number() }));
const bell = defineHandler({ name: 'bell', state: z.number(), initial: 0 }).on(
  rung,
  ({ state, event }) => ({
    state: state + 1,
    emit: counted(event.subject, { rings: state + 1 }),
  }),
);
const bells = defineApp({ source: 'urn:acme', parts: [bell, events(counted)] });

it('inputs go on while the broker to publish to is down, and everything is published in order once it is back', async () => {
  const inside = await brokerUrl();
  const outside = await restartableAedes();
  onTestFinished(() => outside.stop());
  const reconnect = { minMs: 20, maxMs: 50 };
  const broker = mqttConnection({ url: inside, clientId: 'in', logger: silent });
  const way = mqttConnection({ url: outside.url, clientId: 'out', reconnect, logger: silent });
  await way.ready;
  await outside.stop();
  const trigger = mqttTrigger(bells, {
    broker,
    store: memoryStore(),
    publisher: mqttPublisher({ broker: way, topics: { [counted.type]: 'rings/{subject}' } }),
    topics: { 'bell/{device}': { type: rung.type, id: 'n' } },
    principal: 'topic',
    sweeper: { everyMs: 100 },
    logger: silent,
  });
  onTestFinished(async () => {
    await trigger.stop();
    await Promise.all([broker.close(), way.close()]);
  });
  await trigger.ready;
  const send = await deviceAt(inside);
  for (let n = 1; n <= 40; n += 1) await send(`bell/b${n % 4}`, `{"n":${n}}`);
  await until(() => trigger.stats().done === 40);
  await outside.restart();
  const heard = await listener(outside.url, 'rings/+', version);
  onTestFinished(heard.end);
  await until(() => heard.packets.length >= 40, { timeout: 10_000 });
  const of = (subject: string) =>
    heard.texts().flatMap((text) => {
      const event = JSON.parse(text) as { subject: string; data: { rings: number } };
      return event.subject === subject ? [event.data.rings] : [];
    });
  const inOrder = Array.from({ length: 10 }, (_, index) => index + 1);
  for (const subject of ['b0', 'b1', 'b2', 'b3']) expect(of(subject)).toEqual(inOrder);
});
