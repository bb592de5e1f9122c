import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { postgresNeeds } from '@hearth/emulators/postgres';
import {
  storeCases,
  workerCases,
  type StoreHarness,
  type WorkerHarness,
} from '@hearth/testing/conformance';
import { needs } from '@hearth/testing/needs';
import { beforeEach, describe, expect, it } from 'vitest';
import { everything } from '../test/everything.ts';
import { testServer } from '../test/server.ts';
import { postgresStore, type PostgresStore } from './postgres-store.ts';

const server = testServer();

beforeEach((context) => void needs(context, server.found, postgresNeeds));

const schema = server.schema();

const open = (): PostgresStore => postgresStore({ pool: server.pool(), schema });

/** Stores on empty tables. */
async function openEmpty(count: number): Promise<readonly PostgresStore[]> {
  const stores = Array.from({ length: count }, open);
  await stores[0]?.load(['h/1']);
  await server.empty(schema);
  return stores;
}

const harness: Required<StoreHarness> = {
  open: async () => (await openEmpty(1))[0] as PostgresStore,
  reopen: async () => open(),
  contains: async (_, text) => (await everything(server.pool(), schema)).includes(text),
  settle: async () => undefined,
};

describe('a store in PostgreSQL', () => {
  it.each(storeCases)('$name', ({ run }) => run(harness));
});

const workers: WorkerHarness = { open: openEmpty };

describe('workers on one database', () => {
  it.each(workerCases)('$name', ({ run }) => run(workers));
});

describe('erase', () => {
  // What docs/decisions/0014 says.
  it('leaves nothing to queries, and what VACUUM FULL removes to files', async (context) => {
    const { folder } = needs(context, server.found, postgresNeeds);
    const data = join(needs(context, folder, 'PostgreSQL itself'), 'data/base');
    const pool = server.pool();
    const store = postgresStore({ pool, schema: 'erase' });
    let expected: string | null = null;
    for (let n = 0; n < 20; n += 1) {
      const tags = { of: `private-tag-${n}` };
      const body = `private-${n}.`.repeat(40);
      const [result] = await store.save([{ key: 'h/1', expected, body, due: n, tags }]);
      expected = result?.outcome === 'saved' ? result.version : null;
    }
    await store.erase([{ key: 'h/1', expected, body: '{}', due: null, tags: {} }]);
    const found = await pool.query(
      `SELECT FROM erase.hearth_record r WHERE r::text LIKE '%private%'`,
    );
    expect(found.rowCount).toBe(0);
    expect((await pool.query('SELECT FROM erase.hearth_tag')).rowCount).toBe(0);
    await pool.query('CHECKPOINT');
    expect(filesWith(data, 'private')).toBeGreaterThan(0);
    await pool.query('VACUUM FULL erase.hearth_record');
    await pool.query('CHECKPOINT');
    expect(filesWith(data, 'private')).toBe(0);
  });
});

function filesWith(folder: string, text: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files.filter(
    (file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(text),
  ).length;
}
