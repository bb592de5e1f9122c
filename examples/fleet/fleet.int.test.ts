import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateStore } from '@hearth/core';
import { read } from '@hearth/core';
import { registerDevices } from '@hearth/core/registry';
import { startPostgres } from '@hearth/emulators/postgres';
import { nodeRuntime } from '@hearth/node';
import { postgresStore } from '@hearth/store-postgres';
import { sqliteStore } from '@hearth/store-sqlite';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, idOf, linesOf, writeDevices } from './devices-file.ts';
import { app, lamp, registry } from './fleet.ts';
import { progress } from './progress.ts';
import { runFleet } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-fleet-'));
const file = join(folder, 'devices.csv');
const lines = 600;

beforeAll(async () => {
  await writeDevices(file, lines);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function fleetIn(name: string, store: StateStore) {
  let shown = '';
  const screen = { isTerminal: false, write: (text: string) => void (shown += text) };
  const report = await runFleet({ file, lines, store, name, screen });
  return { report, shown };
}

function assertRun({ report, shown }: Awaited<ReturnType<typeof fleetIn>>, name: string): void {
  expect(report).toMatchObject({ registered: 600, rejections: [], foundOnSite: 2, dimmed: 150 });
  expect(report.erased).toMatchObject({ subjects: 2 });
  expect(shown).toContain(`register in ${name}`);
  expect(shown).toContain('600 of 600');
  expect(shown).toMatch(/dim in .* 150 of 150/);
}

describe('a fleet', () => {
  it('is registered, found and dimmed in SQLite, and one owner erased', async () => {
    const store = sqliteStore({ file: join(folder, 'fleet.db'), synchronous: 'off' });
    assertRun(await fleetIn('SQLite', store), 'SQLite');
    const { desired } = (await read({ store }, lamp.ref(idOf(4)))).state;
    expect(desired).toEqual({ brightness: 60 });
    expect((await read({ store }, lamp.ref(idOf(5)))).exists).toBe(false);
    await store.close();
  });

  it('is the same in PostgreSQL', async (context) => {
    const server = needs(context, await startPostgres(), 'PostgreSQL');
    const store = postgresStore({ connectionString: () => server.url });
    try {
      assertRun(await fleetIn('PostgreSQL', store), 'PostgreSQL');
    } finally {
      await store.close();
      await server.stop();
    }
  });

  it('goes on with its registration where it was killed', async () => {
    const database = join(folder, 'killed.db');
    const options = { name: 'factory', format: 'csv', batch: 50 } as const;
    const open = () => {
      const store = sqliteStore({ file: database, synchronous: 'off' });
      const publisher = { publish: async () => [] };
      return { store, runtime: nodeRuntime({ store, publisher, sweep: true }) };
    };
    const killed = open();
    const first = registerDevices(app, killed.runtime, registry, linesOf(file), options);
    for (let n = 0; n < 3; n += 1) await first.next();
    await killed.store.close();
    const { store, runtime } = open();
    const seen: number[] = [];
    for await (const step of registerDevices(app, runtime, registry, linesOf(file), options))
      seen.push(step.lines);
    expect([seen[0], seen.at(-1)]).toEqual([151, 601]);
    expect((await read(runtime, registry.ref(idOf(599)))).state.status).toBe('registered');
    await store.close();
  });
});

it('writes one wrong line in ten thousand, and no code twice', async () => {
  const other = join(folder, 'other.csv');
  expect(await writeDevices(other, 10_000)).toBe(9_999);
  const codes = new Set(Array.from({ length: 10_000 }, (_, n) => codeOf(n)));
  expect(codes.size).toBe(10_000);
});

it('shows a bar that fills on a terminal', () => {
  let [shown, now] = ['', 0];
  const screen = {
    isTerminal: true,
    now: () => now,
    write: (text: string) => void (shown += text),
  };
  const bar = progress('register', 1_000, screen);
  now = 2_000;
  bar.at(500, '1 rejected');
  expect(shown).toContain(
    '███████████████░░░░░░░░░░░░░░░ 500 of 1,000 · 250/s · 2.0 s · 1 rejected',
  );
  expect(bar.end(1_000)).toBe(500);
});
