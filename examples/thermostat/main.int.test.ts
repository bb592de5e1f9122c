import { join } from 'node:path';
import { read } from '@hearth/core';
import { sqliteStore } from '@hearth/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diary, thermostat } from './home.ts';
import { emptyFolder, runExample, start } from './test/run-example.ts';

let folder: ReturnType<typeof emptyFolder>;

beforeEach(() => {
  folder = emptyFolder();
});

afterEach(() => folder.remove());

const run = (...args: readonly string[]) => runExample(folder.path, ...args);

async function look<T>(take: (runtime: { store: ReturnType<typeof sqliteStore> }) => Promise<T>) {
  const store = sqliteStore({ file: join(folder.path, '.hearth/home.db') });
  try {
    return await take({ store });
  } finally {
    await store.close();
  }
}

describe('the example', () => {
  it('warms a cold, empty home and says why, within seconds', async () => {
    const { code, stdout, stderr } = await run('--for', '10s', '--json');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const summary = JSON.parse(stdout) as Record<string, number>;
    // 3 rooms, one reading a second each; the first second may have none.
    expect(summary['readings']).toBeGreaterThanOrEqual(15);
    expect(summary['readings']).toBeLessThanOrEqual(30);
    expect(summary).toMatchObject({ decisions: 2, wishes: 6, commands: 9 });
    expect(summary).toMatchObject({ rejected: 0, retried: 0, duplicates: 0 });
    expect(summary['p99Ms']).toBeGreaterThan(0);
    expect(stderr).toMatch(/decision +h1 +cold-and-empty because nobodyHome and cold\n/);
    expect(stderr).toMatch(/mosquitto_pub .*-t thermostat\/kitchen\/temperature/);
    const { state } = await look((runtime) => read(runtime, thermostat.ref('kitchen')));
    expect(state.reported.occupiedHeatingSetpoint).toBe(18);
  });

  it('goes on from what it knew, until it is told to begin anew', async () => {
    const readings = () => look((runtime) => read(runtime, diary.ref('kitchen')));
    await run('--for', '2s', '--rate', '20');
    const first = await readings();
    await run('--for', '2s', '--rate', '20');
    const second = await readings();
    expect(second.state.readings).toBeGreaterThan(first.state.readings);
    await run('--for', '500ms', '--fresh');
    expect((await readings()).state.readings).toBeLessThan(first.state.readings);
  });

  it('finishes what is in hand on Ctrl-C and prints its summary', async () => {
    const running = start(folder.path, '--rate', '50', '--json');
    await running.url;
    await running.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    const { readings } = JSON.parse(stdout) as { readings: number };
    const kept = await look((runtime) =>
      Promise.all(
        ['living-room', 'kitchen', 'bedroom'].map((name) => read(runtime, diary.ref(name))),
      ),
    );
    expect(kept.reduce((sum, { state }) => sum + state.readings, 0)).toBe(readings);
  });

  it.each([
    [['--turbo'], /Unknown option "--turbo"/],
    [['--replay', 'room.csv'], /no file "room.csv"/],
    [['--broker', 'localhost'], /url must begin with mqtt:/],
  ])('refuses %j with one line and exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
