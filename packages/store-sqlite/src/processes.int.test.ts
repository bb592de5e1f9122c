import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { workerCases, type WorkerHarness } from '@hearth/testing/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folder, type Folder } from '../test/folder.ts';
import { sqliteStore, type SqliteStore } from './sqlite-store.ts';

const writer = fileURLToPath(new URL('../test/writer.ts', import.meta.url));
const opener = new URL('../test/opener.ts', import.meta.url);
let at: Folder;

beforeEach(() => {
  at = folder();
});

const opened: SqliteStore[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  at.remove();
});

const harness: WorkerHarness = {
  async open(many) {
    const stores = Array.from({ length: many }, () => sqliteStore({ file: at.file() }));
    opened.push(...stores);
    return stores;
  },
};

describe('workers on one file', () => {
  it.each(workerCases)('$name', ({ run }) => run(harness));
});

/** Lets a process of its own count in a record, and resolves to what it has acknowledged when it has ended. */
function count(times: number, stopAfter = Infinity): Promise<readonly string[]> {
  const child = spawn(process.execPath, [writer, at.file(), 'h/count', String(times)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const lines = () => text.split('\n').slice(0, -1);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (lines().length >= stopAfter) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', () => resolve(lines()));
  });
}

async function counted(): Promise<number> {
  const store = sqliteStore({ file: at.file() });
  const [record] = await store.load(['h/count']);
  await store.close();
  return Number(record?.body);
}

it('lets two processes write to one file without losing a save', async () => {
  const acknowledged = (await Promise.all([count(60), count(60)])).flat();
  expect(new Set(acknowledged).size).toBe(120);
  expect(await counted()).toBe(120);
});

it('has every save that a process was told of before it was killed', async () => {
  const acknowledged = await count(1_000_000, 20);
  expect(await counted()).toBeGreaterThanOrEqual(acknowledged.length);
  expect(acknowledged.length).toBeGreaterThanOrEqual(20);
});

it('may be opened by several at the same moment, the first time as well', async () => {
  const threads = 4;
  const files = Array.from({ length: 50 }, (_, round) => at.file(`${round}.db`));
  const workerData = { files, arrived: new Int32Array(new SharedArrayBuffer(4)), threads };
  const refused = await Promise.all(
    Array.from({ length: threads }, async () => {
      const [said] = (await once(new Worker(opener, { workerData }), 'message')) as [string[]];
      return said;
    }),
  );
  expect(refused.flat()).toEqual([]);
});
