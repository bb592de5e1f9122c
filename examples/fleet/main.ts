import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { flag, guarded, number, readOptions, text } from '@hearth/cli';
import type { StateStore } from '@hearth/core';
import { logger } from '@hearth/node';
import { postgresStore } from '@hearth/store-postgres';
import { sqliteStore } from '@hearth/store-sqlite';
import { commandPath } from '@hearth/testing/needs';
import { idOf, writeDevices } from './devices-file.ts';
import { progress } from './progress.ts';
import { pluginPath } from './rotation/plugin.ts';
import { rotateFleet } from './rotation/rotate-fleet.ts';
import { runFleet } from './run.ts';

const usage = `node examples/fleet/main.ts [--devices N] [--postgres URL] [--folder DIR]

Registers a fleet of lamps from a file into SQLite, and into PostgreSQL if there is one, finds some of them, dims those of one firmware, and
erases one owner. Then rotates the certificates of some over mutual TLS, if mosquitto is there.

  --devices N      how many lamps (default 100,000)
  --postgres URL   also into this database: postgresql://user:password@localhost/fleet
  --rotate N       how many lamps get new certificates (default 100; 0 for none)
  --folder DIR     where the file and the records are kept (default .hearth/fleet)`;

const specs = {
  devices: number({ from: 1, to: 10_000_000, whole: true }),
  postgres: text,
  rotate: number({ from: 0, to: 10_000, whole: true }),
  folder: text,
  help: flag,
} as const;

const args = process.argv.slice(2);
const screen = {
  write: (out: string) => void process.stdout.write(out),
  isTerminal: process.stdout.isTTY,
};

async function main(): Promise<number> {
  const { options } = readOptions(args, specs);
  if (options.help) {
    screen.write(`${usage}\n`);
    return 0;
  }
  const { devices: lines = 100_000, folder = join('.hearth', 'fleet'), postgres } = options;
  mkdirSync(folder, { recursive: true });
  // The folder may be somebody's; only what an earlier run left there goes.
  for (const name of ['devices.csv', 'fleet.db', 'fleet.db-wal', 'fleet.db-shm'])
    rmSync(join(folder, name), { force: true });
  const file = join(folder, 'devices.csv');
  await writeDevices(file, lines);
  const sqlite = sqliteStore({ file: join(folder, 'fleet.db') });
  await runFleet({ file, lines, store: sqlite, name: 'SQLite', screen });
  await rotateSome(Math.min(options.rotate ?? 100, lines), sqlite);
  await sqlite.close();
  if (postgres === undefined) return 0;
  // A schema of its own for each run: the fleet of the last one is not this one.
  const schema = `fleet_${Date.now().toString(36)}`;
  const store = postgresStore({ connectionString: () => postgres, schema });
  await runFleet({ file, lines, store, name: 'PostgreSQL', screen });
  await store.close();
  return 0;
}

/** Rotates the certificates of the first lamps of the fleet, behind a broker that lets in nobody without one. */
async function rotateSome(count: number, store: StateStore): Promise<void> {
  const [mosquitto, plugin] = [commandPath('mosquitto'), pluginPath(existsSync)];
  if (count === 0) return;
  if (mosquitto === undefined || plugin === undefined) {
    screen.write(
      'No certificates are rotated: that needs mosquitto with its dynamic security plugin.\n',
    );
    return;
  }
  const devices = Array.from({ length: count }, (_, n) => idOf(n));
  const bar = progress('rotate certificates', count, screen);
  const onProgress = (done: number) => {
    bar.at(done);
  };
  const quiet = logger({ level: 'error' });
  const all = { devices, store, mosquitto, plugin, logger: quiet, onProgress };
  const { rotated, failed } = await rotateFleet(all);
  bar.end(rotated, `${failed.length} failed`);
}

const { stdout, stderr, env } = process;
process.exitCode = await guarded('fleet', args, { stdout, stderr, env, now: Date.now }, main);
