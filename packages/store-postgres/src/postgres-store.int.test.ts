import { postgresNeeds } from '@hearth/emulators/postgres';
import type { StateStore } from '@hearth/core/ports';
import {
  storeCases,
  workerCases,
  type StoreHarness,
  type WorkerHarness,
} from '@hearth/testing/conformance';
import { needs } from '@hearth/testing/needs';
import type { Pool } from 'pg';
import { beforeEach, describe, it } from 'vitest';
import { testServer } from '../test/server.ts';
import { postgresStore, type PostgresStore } from './postgres-store.ts';

const server = testServer();

beforeEach((context) => void needs(context, server.found, postgresNeeds));

const places = new WeakMap<StateStore, { readonly pool: Pool; readonly schema: string }>();

function open(schema = server.schema()): PostgresStore {
  const pool = server.pool();
  const store = postgresStore({ pool, schema });
  places.set(store, { pool, schema });
  return store;
}

function placeOf(store: StateStore) {
  const place = places.get(store);
  if (place === undefined) throw new Error('This store was not opened here.');
  return place;
}

const harness: Required<StoreHarness> = {
  open: async () => open(),
  reopen: async (store) => open(placeOf(store).schema),
  contains: async (store, text) => (await everything(store)).includes(text),
  settle: async () => undefined,
};

/** All that can be asked for: every row of every table, as text. */
async function everything(store: StateStore): Promise<string> {
  const { pool, schema } = placeOf(store);
  const tables = await pool.query<{ name: string }>(
    'SELECT relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1 AND relkind = $2',
    [schema, 'r'],
  );
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const rows = await pool.query(
      `SELECT row::text AS row FROM "${schema.replaceAll('"', '""')}".${name} AS row`,
    );
    texts.push(JSON.stringify(rows.rows));
  }
  return texts.join('\n');
}

describe('a store in PostgreSQL', () => {
  it.each(storeCases)('$name', ({ run }) => run(harness));
});

const workers: WorkerHarness = {
  async open(count) {
    const schema = server.schema();
    return Array.from({ length: count }, () => open(schema));
  },
};

describe('workers on one database', () => {
  it.each(workerCases)('$name', ({ run }) => run(workers));
});
