import { postgresNeeds } from '@hearth/emulators/postgres';
import { needs } from '@hearth/testing/needs';
import type { Pool } from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { quoted, testServer } from '../test/server.ts';
import { postgresMigrations } from './migrations.ts';
import { postgresStore, type PostgresStore } from './postgres-store.ts';

const server = testServer();
let schema: string;
let pool: Pool;

beforeEach((context) => {
  needs(context, server.found, postgresNeeds);
  schema = server.schema();
  pool = server.pool();
});

function stores(count: number, through = pool): readonly PostgresStore[] {
  return Array.from({ length: count }, () => postgresStore({ pool: through, schema }));
}

async function versions(): Promise<readonly number[]> {
  const { rows } = await pool.query<{ version: number }>(
    `SELECT version FROM ${quoted(schema)}.hearth_migration ORDER BY version`,
  );
  return rows.map(({ version }) => version);
}

describe('many workers that start at once', () => {
  it.each([
    ['', ''],
    [', with serializable transactions', '-c default_transaction_isolation=serializable'],
  ])('make the tables once%s', async (_, options) => {
    const through = server.pool({ options });
    await Promise.all(stores(16, through).map((store) => store.load(['h/1'])));
    expect(await versions()).toEqual(postgresMigrations().map(({ version }) => version));
  });
});

describe('a store', () => {
  it('asks for the tables if it is not to make them, and works when they are made by hand', async () => {
    const store = postgresStore({ pool, schema, migrate: false });
    await expect(store.load(['h/1'])).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('postgresMigrations()') as string,
    });
    for (const { sql } of postgresMigrations({ schema })) await pool.query(sql);
    for (const { sql } of postgresMigrations({ schema })) await pool.query(sql);
    expect(await store.load(['h/1'])).toEqual([undefined]);
  });

  it('does not touch tables of a newer version', async () => {
    const [store] = stores(1);
    await store?.load(['h/1']);
    await pool.query(`INSERT INTO ${quoted(schema)}.hearth_migration VALUES (1000, 'of tomorrow')`);
    const [older] = stores(1);
    await expect(older?.load(['h/1'])).rejects.toMatchObject({ code: 'record-newer' });
  });

  it('needs no right to make anything once the tables are there', async () => {
    await stores(1)[0]?.load(['h/1']);
    const role = `"worker of ${schema.replaceAll('"', '""')}"`.slice(0, 62).replace(/"*$/, '"');
    await pool.query(`CREATE ROLE ${role};
      GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${quoted(schema)} TO ${role}`);
    const modest = server.pool({ max: 1 });
    await modest.query(`SET ROLE ${role}`);
    const store = postgresStore({ pool: modest, schema });
    const write = { key: 'h/1', expected: null, body: '', due: 1, tags: { home: 'h1' } };
    expect(await store.save([write])).toMatchObject([{ outcome: 'saved' }]);
    expect(await store.due({ before: 1, limit: 1 })).toMatchObject({ keys: ['h/1'] });
  });
});
