import { join } from 'node:path';
import { read } from '@hearth/core';
import { sqliteDeadLetters, sqliteStore } from '@hearth/store-sqlite';
import { connect } from 'mqtt';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { say } from './device.ts';
import { diary, thermostat } from './home.ts';
import { emptyFolder, start } from './test/run-example.ts';

let folder: ReturnType<typeof emptyFolder>;

beforeEach(() => {
  folder = emptyFolder();
});

afterEach(() => folder.remove());

const total = 400;
const killAfter = [40, 130, 260];
const atOnce = 16;

it('counts every reading once although the process is killed three times', async () => {
  const home = () => start(folder.path, '--devices', '1', '--rate', '5');
  let running = home();
  const url = await running.url;
  // A real device, in a process that survives: it sends again what the broker has not acknowledged.
  const device = connect(url, {
    clientId: 'probe',
    username: 'probe',
    clean: false,
    reconnectPeriod: 50,
  });
  const tell = say(device, 'urn:test:probe', () => undefined);
  let next = 0;
  let acknowledged = 0;
  let killed = 0;
  let restarting: Promise<void> = Promise.resolve();
  const restart = async (before: Promise<void>) => {
    await before;
    await running.kill('SIGKILL');
    running = home();
    expect(await running.url).toBe(url);
  };
  const speak = async () => {
    while (next < total) {
      const number = (next += 1);
      const reading = thermostat.events.temperature('probe', { celsius: (number % 100) / 4 });
      await tell(reading, { id: `reading-${number}`, at: Date.now() });
      acknowledged += 1;
      if (acknowledged < (killAfter[killed] ?? Infinity)) continue;
      killed += 1;
      restarting = restart(restarting);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, speak));
  await restarting;
  await device.endAsync();
  const store = sqliteStore({ file: join(folder.path, '.hearth/home.db') });
  const counted = async () => (await read({ store }, diary.ref('probe'))).state;
  await vi.waitUntil(async () => (await counted()).readings >= total, { timeout: 20_000 });
  await running.kill('SIGINT');
  expect((await running.ended).code).toBe(0);
  const { letters } = await sqliteDeadLetters(store).list({ limit: 10 });
  const state = await counted();
  await store.close();
  expect(killed).toBe(3);
  expect(state).toMatchObject({ readings: total, coldest: 0, warmest: 24.75 });
  expect(letters).toEqual([]);
});
