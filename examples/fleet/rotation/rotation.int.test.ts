import { existsSync } from 'node:fs';
import { read, sweep } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { logger, systemClock } from '@hearth/node';
import { commandPath, needs } from '@hearth/testing/needs';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialsApp } from './app.ts';
import type { Identity } from './authority.ts';
import type { Lamp } from './lamp.ts';
import { pluginPath } from './plugin.ts';
import { rotateAll, startFleet, type Fleet } from './rotate-fleet.ts';

const mosquitto = commandPath('mosquitto');
const plugin = pluginPath(existsSync);
const dayMs = 86_400_000;
const devices = ['keeper', 'broken', 'mallory', 'victim', 'l1', 'l2', 'l3', 'l4', 'l5', 'l6'];

let found: Fleet | undefined;
let ahead = 0;

beforeAll(async () => {
  if (mosquitto === undefined || plugin === undefined) return;
  const clock = { ...systemClock(), now: () => Date.now() + ahead };
  const lampOptions = (name: string) => ({
    isBroken: name === 'broken',
    keepsOld: name === 'keeper',
  });
  const of = credentialsApp({ graceMs: dayMs, proveWithinMs: dayMs });
  const log = logger({ level: 'silent' });
  const store = memoryStore();
  found = await startFleet({
    devices,
    store,
    mosquitto,
    plugin,
    of,
    clock,
    lampOptions,
    logger: log,
  });
});

afterAll(() => found?.stop());

type Test = { skip(note: string): never };
const fleetFor = (test: Test): Fleet =>
  needs(test, found, 'mosquitto with its dynamic security plugin');
const lampOf = ({ lamps }: Fleet, name: string): Lamp => lamps.get(name) as Lamp;

async function statesOf({ runtime, credentials }: Fleet, name: string) {
  const { state } = await read(runtime, credentials.ref(name));
  return state.list.map(({ id, state: is }) => [
    id.startsWith(`${name}.n`) ? 'new' : 'factory',
    is,
  ]);
}

/** Why the broker does not let somebody in, or `in`. */
async function entry({ broker, authority }: Fleet, identity: Identity): Promise<string> {
  const options = {
    ca: authority.ca,
    ...identity,
    protocolVersion: 5,
    reconnectPeriod: 0,
  } as const;
  return connectAsync(broker.url, options, false).then(
    async (client) => {
      await client.endAsync(true);
      return 'in';
    },
    (error: NodeJS.ErrnoException) => String(error.code),
  );
}

/** Asks until the broker has read the list again. */
const until = async (look: () => Promise<boolean>): Promise<void> => {
  while (!(await look())) await new Promise(setImmediate);
};

const refused = { code: 135 };

describe('the certificates of a fleet behind a real broker with mutual TLS', () => {
  it('are rotated one after the other, and all but the broken lamp go on with new ones', async (test) => {
    const fleet = fleetFor(test);
    const others = new Map([...fleet.lamps].filter(([name]) => name !== 'broken'));
    const seen: number[] = [];
    const onProgress = (done: number) => seen.push(done);
    const { rotated, failed } = await rotateAll({ ...fleet, lamps: others }, { onProgress });
    expect({ rotated, failed }).toEqual({ rotated: 9, failed: [] });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const [name, { credential }] of others) {
      expect(credential()).toMatch(new RegExp(`^${name}\\.n`));
      expect(await statesOf(fleet, name)).toEqual([
        ['factory', 'grace'],
        ['new', 'active'],
      ]);
    }
  });

  it('leave a lamp its old session in the grace, on both connections', async (test) => {
    const keeper = lampOf(fleetFor(test), 'keeper');
    const [old, today] = keeper.connections as readonly [MqttClient, MqttClient];
    expect([old.connected, today.connected]).toEqual([true, true]);
    await keeper.say('device/keeper/note', {}, old);
    await keeper.say('device/keeper/note', {}, today);
  });

  it('prove only the lamp that they were made for', async (test) => {
    const fleet = fleetFor(test);
    const [mallory, victim] = [lampOf(fleet, 'mallory'), lampOf(fleet, 'victim')];
    const proof = `proof/victim/${victim.credential()}`;
    await expect(mallory.say(proof, {})).rejects.toMatchObject(refused);
    await expect(mallory.say(`proof/mallory/${victim.credential()}`, {})).rejects.toMatchObject(
      refused,
    );
    await expect(mallory.say('device/victim/requested', { csr: 'x' })).rejects.toMatchObject(
      refused,
    );
    const before = await statesOf(fleet, 'victim');
    const { rejected } = fleet.stats();
    const said = { specversion: '1.0', id: '1', source: '/m', subject: 'victim', data: {} };
    await mallory.say('device/mallory/events', { ...said, type: 'hearth.credentials.proved' });
    await mallory.say('device/mallory/events', {
      ...said,
      id: '2',
      type: 'hearth.credentials.requested',
      data: { csr: 'x' },
    });
    await until(() => Promise.resolve(fleet.stats().rejected === rejected + 2));
    expect(await statesOf(fleet, 'victim')).toEqual(before);
  });

  it('are of no use without their keys', async (test) => {
    const fleet = fleetFor(test);
    const victim = await fleet.authority.identity('victim.copy');
    const mallory = await fleet.authority.identity('mallory.copy');
    expect(await entry(fleet, { cert: victim.cert, key: mallory.key })).not.toBe('in');
  });

  it('stay in use where the lamp does nothing with new ones', async (test) => {
    const fleet = fleetFor(test);
    const broken = lampOf(fleet, 'broken');
    await fleet.tell(fleet.credentials.events.rotate('broken', { because: 'test' }));
    await until(async () => (await statesOf(fleet, 'broken')).length === 2);
    expect(await statesOf(fleet, 'broken')).toEqual([
      ['factory', 'active'],
      ['new', 'pending'],
    ]);
    ahead += dayMs;
    await sweep(fleet.app, fleet.runtime);
    expect(await statesOf(fleet, 'broken')).toEqual([
      ['factory', 'active'],
      ['new', 'revoked'],
    ]);
    await broken.say('device/broken/note', {});
  });

  it('are refused when their grace is over, also in a session that was open', async (test) => {
    const fleet = fleetFor(test);
    const keeper = lampOf(fleet, 'keeper');
    const [old, today] = keeper.connections as readonly [MqttClient, MqttClient];
    const { cert, key } = old.options as unknown as Identity;
    await until(async () => !old.connected);
    expect(await statesOf(fleet, 'keeper')).toEqual([
      ['factory', 'revoked'],
      ['new', 'active'],
    ]);
    await until(async () => (await entry(fleet, { cert, key })).endsWith('CERTIFICATE_REVOKED'));
    await keeper.say('device/keeper/note', {}, today);
    const now = today.options as unknown as Identity;
    expect(await entry(fleet, { cert: now.cert, key: now.key })).toBe('in');
  });
});
