import { faultyStore } from '@hearth/testing';
import { commandPath, needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { aedes } from '../test/aedes.ts';
import { client } from '../test/client.ts';
import { gateway } from '../test/gateway.ts';
import { mosquitto, type Mosquitto } from '../test/mosquitto.ts';
import { proxy } from '../test/proxy.ts';
import { scriptedBroker, type Script } from '../test/scripted-broker.ts';
import { app, silent, topics, world } from '../test/thermostat.ts';
import { linkOf, mqttConnection } from './mqtt-connection.ts';
import { mqttTrigger } from './trigger.ts';
import { until } from '../test/until.ts';

const command = commandPath('mosquitto');
let shared: Mosquitto | undefined;

beforeAll(async () => {
  if (command !== undefined) shared = await mosquitto(command);
});

afterAll(() => shared?.stop());

type Test = { skip(note: string): never };

const mosquittoFor = (test: Test) => needs(test, shared, 'mosquitto, the broker');

/** A broker of the test's own, to be ended and started. */
async function mortal(test: Test): Promise<Mosquitto> {
  const broker = await mosquitto(needs(test, command, 'mosquitto, the broker'));
  onTestFinished(() => broker.stop());
  return broker;
}

async function device(url: string, protocolVersion: 4 | 5 = 5) {
  const sender = await client(url, { protocolVersion });
  onTestFinished(() => void sender.end(true));
  return (name: string, celsius: number, retain = false) =>
    sender.publishAsync(`device/${name}/temperature`, JSON.stringify({ celsius }), {
      qos: 1,
      retain,
    });
}

async function scripted(script: Script = {}) {
  const broker = await scriptedBroker(script);
  onTestFinished(() => broker.stop());
  return broker;
}

/** Remembers what is logged, by level. */
function logs() {
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) =>
    void lines.push(`${level}: ${message}`);
  const logger = {
    ...silent,
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  return { lines, logger };
}

describe('a session', () => {
  it.for([5, 4] as const)(
    'brings what was published while the gateway was away, MQTT version %i',
    async (version, test) => {
      const { url } = mosquittoFor(test);
      const send = await device(url);
      const clientId = `away-${version}-${process.pid}`;
      const before = gateway(url, { connection: { clientId, version } });
      await before.trigger.ready;
      await before.stop();
      for (const celsius of [1, 2, 3]) await send('t1', celsius);
      const after = gateway(url, { connection: { clientId, version } });
      await after.answered(3);
      expect(await after.heard('t1')).toEqual([1, 2, 3]);
    },
  );

  it('goes on after the connection broke, and what was handled already has no second effect', async (test) => {
    const { url, port } = mosquittoFor(test);
    const way = await proxy(port);
    onTestFinished(way.stop);
    const at = world();
    let isHeld = true;
    const held: (() => void)[] = [];
    const save: typeof at.store.save = async (writes) => {
      const results = await at.store.save(writes);
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      return results;
    };
    const { trigger, answered } = gateway(way.url, {
      trigger: { store: { ...at.store, save } },
    });
    await trigger.ready;
    const send = await device(url);
    await send('t1', 20);
    await until(() => held.length === 1);
    isHeld = false;
    way.cut();
    await until(() => trigger.stats().received === 2, { timeout: 5_000 });
    held[0]?.();
    await answered(2);
    expect(await at.heard('t1')).toEqual([20]);
  });

  it('that goes on brings nothing twice into hand, and loses nothing, while the store is away', async (test) => {
    const { url, port } = mosquittoFor(test);
    const way = await proxy(port);
    onTestFinished(way.stop);
    const at = world();
    let isDown = true;
    const store = faultyStore(at.store, () => (isDown ? 'down' : undefined));
    const { trigger, answered } = gateway(way.url, { trigger: { store } });
    await trigger.ready;
    const send = await device(url);
    for (const celsius of [1, 2, 3]) await send('t1', celsius);
    for (const received of [3, 6, 9]) {
      await until(() => trigger.stats().received === received, { timeout: 5_000 });
      const { retry } = trigger.stats();
      await until(() => trigger.stats().retry > retry + 3);
      expect(trigger.stats().inHand).toBe(3);
      if (received < 9) way.cut();
    }
    isDown = false;
    await answered(3);
    expect(await at.heard('t1')).toEqual([1, 2, 3]);
  });

  it('that the broker has lost leaves what is in hand in hand', async (test) => {
    const broker = await mortal(test);
    const at = world();
    let isDown = true;
    const store = faultyStore(at.store, () => (isDown ? 'down' : undefined));
    const { trigger, answered, broker: link } = gateway(broker.url, { trigger: { store } });
    await trigger.ready;
    const send = await device(broker.url);
    for (const celsius of [1, 2]) await send('t1', celsius);
    await until(() => trigger.stats().retry > 3);
    await broker.kill('SIGKILL');
    await broker.start();
    await until(() => link.isConnected, { timeout: 5_000 });
    // A regular end keeps the new session.
    await broker.kill('SIGTERM');
    await broker.start();
    await until(() => link.isConnected, { timeout: 5_000 });
    isDown = false;
    await answered(2);
    expect(await at.heard('t1')).toEqual([1, 2]);
  });

  it('that the broker has lost is begun anew, and the log says so', async (test) => {
    const broker = await mortal(test);
    const { lines, logger } = logs();
    const { trigger, answered } = gateway(broker.url, { connection: { logger } });
    await trigger.ready;
    // Without a regular end nothing of the session is on disk.
    await broker.kill('SIGKILL');
    await broker.start();
    await until(() => lines.some((line) => line.includes('has lost the session')));
    const send = await device(broker.url);
    await until(async () => {
      await send('t1', 20);
      return trigger.stats().received > 0;
    });
    await answered(1);
  });
});

describe('a broker that goes away and comes back', () => {
  it('during traffic loses nothing that it had taken, and the gateway neither', async (test) => {
    const broker = await mortal(test);
    const { trigger, heard } = gateway(broker.url);
    await trigger.ready;
    const taken: number[] = [];
    let celsius = 100;
    for (let round = 0; round < 3; round += 1) {
      const send = await device(broker.url);
      for (let i = 0; i < 40; i += 1) {
        celsius += 1;
        await send('t1', celsius);
        taken.push(celsius);
      }
      await broker.kill('SIGTERM');
      await broker.start();
    }
    const all = async () => new Set(await heard('t1')).size === taken.length;
    await until(all, { timeout: 15_000, interval: 50 });
    expect(await heard('t1')).toEqual(taken);
  });

  it('is reached again, however long it was away, with ever longer waits', async (test) => {
    const broker = await mortal(test);
    const reconnect = { minMs: 5, maxMs: 40 };
    const { lines, logger } = logs();
    const { broker: link, trigger } = gateway(broker.url, { connection: { reconnect, logger } });
    await trigger.ready;
    await broker.kill('SIGTERM');
    const refused = () => lines.filter((line) => line.includes('cannot be reached')).length;
    await until(() => refused() >= 8, { timeout: 5_000 });
    expect(link.isConnected).toBe(false);
    await broker.start();
    await until(() => link.isConnected);
  });

  it('may be away when the gateway starts', async (test) => {
    const broker = await mortal(test);
    await broker.kill();
    const { trigger } = gateway(broker.url);
    await broker.start();
    await trigger.ready;
  });
});

describe('a shared subscription', () => {
  it('gives each message to one worker of the group', async (test) => {
    const { url } = mosquittoFor(test);
    const workers = [1, 2].map(() =>
      gateway(url, { trigger: { group: `workers-${process.pid}` } }),
    );
    await Promise.all(workers.map(({ trigger }) => trigger.ready));
    const send = await device(url);
    for (let celsius = 1; celsius <= 20; celsius += 1) await send('t1', celsius);
    const counts = () => workers.map(({ trigger }) => trigger.stats().done);
    await until(() => counts().reduce((a, b) => a + b) === 20);
    expect(counts()).toEqual([10, 10]);
  });

  it('is an ordinary one where MQTT 3.1.1 leaves it open, and the log says so', async () => {
    const laptop = await aedes();
    onTestFinished(() => laptop.stop());
    const { lines, logger } = logs();
    const { trigger, answered, stop } = gateway(laptop.url, {
      connection: { logger },
      trigger: { group: 'workers' },
    });
    onTestFinished(stop);
    await trigger.ready;
    expect(lines).toContain('warn: No shared subscription: this worker gets every message.');
    const send = await device(laptop.url, 4);
    await send('t1', 20);
    await answered(1);
  });

  it('is an ordinary one where the broker says that it has none', async () => {
    const broker = await scripted({ connack: { sharedSubscriptionAvailable: false } });
    const { trigger } = gateway(broker.url, { trigger: { group: 'workers' } });
    await trigger.ready;
    const filters = broker.packets.flatMap((packet) =>
      packet.cmd === 'subscribe' ? packet.subscriptions.map(({ topic }) => topic) : [],
    );
    expect(filters).toEqual(['device/+/temperature', 'device/+/events']);
  });
});

describe('a retained message', () => {
  it.for([5, 4] as const)(
    'is taken by a new session, and not again by one that goes on, MQTT version %i',
    async (version, test) => {
      const { url } = mosquittoFor(test);
      const send = await device(url);
      const clientId = `retained-${version}-${process.pid}`;
      await send(`kept${version}`, 20, true);
      const options = { connection: { clientId, version } };
      const first = gateway(url, options);
      await until(async () => (await first.heard(`kept${version}`)).length === 1);
      await first.stop();
      const second = gateway(url, options);
      await second.trigger.ready;
      await send('marker', 1);
      await until(async () => (await second.heard('marker')).length === 1);
      expect(await second.heard(`kept${version}`)).toEqual([]);
      await send(`kept${version}`, 21, true);
      await until(async () => (await second.heard(`kept${version}`)).length === 1);
    },
  );

  it.for([
    ['never', []],
    ['always', [20]],
  ] as const)('is taken %s, if so told', async ([retained, expected], test) => {
    const { url } = mosquittoFor(test);
    const send = await device(url);
    const name = `told-${retained}`;
    await send(name, 20, true);
    const clientId = `${name}-${process.pid}`;
    const before = gateway(url, { connection: { clientId }, trigger: { retained: 'never' } });
    await before.trigger.ready;
    await before.stop();
    const { trigger, heard } = gateway(url, { connection: { clientId }, trigger: { retained } });
    await trigger.ready;
    await send('marker', 1);
    await until(async () => (await heard('marker')).length === 1);
    expect(await heard(name)).toEqual(expected);
  });
});

describe('a trigger', () => {
  it('may come to a connection that is open already, and gets what has come before it', async (test) => {
    const { url } = mosquittoFor(test);
    const clientId = `early-${process.pid}`;
    const before = gateway(url, { connection: { clientId } });
    await before.trigger.ready;
    await before.stop();
    const send = await device(url);
    await send('t1', 20);
    const broker = mqttConnection({ url, clientId, logger: silent });
    await broker.ready;
    await send('t1', 21);
    const at = world();
    const trigger = mqttTrigger(app, { ...at, broker, topics, principal: 'topic' });
    await until(() => trigger.stats().done === 2);
    expect(await at.heard('t1')).toEqual([20, 21]);
    await trigger.stop();
    await broker.close();
  });

  it('has its connection for itself', async (test) => {
    const { url } = mosquittoFor(test);
    const { broker } = gateway(url);
    expect(() => mqttTrigger(app, { ...world(), broker, topics })).toThrow(
      expect.objectContaining({ code: 'invalid-option' }) as Error,
    );
  });

  it('says so if the broker does not grant its subscription', async () => {
    const broker = await scripted({
      answer: (packet) =>
        packet.cmd === 'subscribe' && packet.messageId !== undefined
          ? [{ cmd: 'suback', messageId: packet.messageId, granted: [1, 135] }]
          : undefined,
    });
    const { trigger } = gateway(broker.url);
    await expect(trigger.ready).rejects.toMatchObject({ code: 'not-permitted', field: 'topics' });
  });

  it('says so if the broker refuses the connection', async () => {
    const broker = await scripted({
      answer: (packet) =>
        packet.cmd === 'connect'
          ? [{ cmd: 'connack', reasonCode: 134, sessionPresent: false }]
          : undefined,
    });
    const { trigger, broker: link } = gateway(broker.url);
    await expect(trigger.ready).rejects.toMatchObject({ code: 'not-permitted' });
    await expect(link.ready).rejects.toMatchObject({ code: 'not-permitted' });
  });

  it('whose clientId another process has says so, and does not take the session back at once', async () => {
    const broker = await scripted();
    const { lines, logger } = logs();
    const reconnect = { minMs: 10, maxMs: 60_000 };
    const { trigger, broker: link } = gateway(broker.url, { connection: { logger, reconnect } });
    await trigger.ready;
    for (let times = 1; times <= 4; times += 1) {
      broker.send({ cmd: 'disconnect', reasonCode: 142 });
      broker.drop();
      const connects = () => broker.packets.filter(({ cmd }) => cmd === 'connect').length;
      await until(() => connects() === times + 1, { timeout: 5_000 });
    }
    const why = 'warn: Another process has taken the session: the clientId is not unique.';
    expect(lines.filter((line) => line === why)).toHaveLength(4);
    // Each wait is at least half as long again as the one before.
    expect(linkOf(link).client.options.reconnectPeriod).toBeGreaterThanOrEqual(50);
  });

  it('warns if nothing proves who speaks', async (test) => {
    const { url } = mosquittoFor(test);
    const { lines, logger } = logs();
    gateway(url, { connection: { logger }, trigger: { principal: 'anonymous' } });
    expect(lines).toContain('warn: Without "principal" everybody is anonymous and rejected.');
  });
});

describe('mqttConnection', () => {
  it.each([
    [{ url: 'localhost', clientId: 'a' }, 'url'],
    [{ url: 'http://localhost', clientId: 'a' }, 'url'],
    [{ url: 'mqtt://localhost', clientId: '' }, 'clientId'],
  ])('refuses %j', (options, field) => {
    expect(() => mqttConnection(options)).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }) as Error,
    );
  });
});
