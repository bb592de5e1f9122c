import { postgresNeeds } from '@hearth/emulators/postgres';
import { needs } from '@hearth/testing/needs';
import { Pool, type PoolClient } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProxy, type Proxy } from '../test/proxy.ts';
import { quoted, testServer } from '../test/server.ts';
import { postgresStore, type PostgresStore, type PostgresStoreOptions } from './postgres-store.ts';

const server = testServer();
const opened: { close(): Promise<void> }[] = [];
let proxy: Proxy;
let schema: string;

beforeEach(async (context) => {
  const { kind, port } = needs(context, server.found, postgresNeeds);
  // pglite has one session: who holds a lock would keep everybody else from saying anything.
  needs(context, kind === 'postgres' || undefined, 'PostgreSQL itself');
  proxy = await startProxy(port);
  schema = server.schema();
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await proxy.stop();
});

function open(options: Partial<PostgresStoreOptions> = {}): PostgresStore {
  const store = postgresStore({ pool: server.pool(), schema, ...options } as PostgresStoreOptions);
  opened.push(store);
  return store;
}

/** A store whose connections can be lost on the way. */
function openBehindProxy(timeoutMs = 5_000): PostgresStore {
  const url = new URL(server.found?.url ?? '');
  url.port = String(proxy.port);
  const connectionString = () => url.href;
  const store = postgresStore({ connectionString, timeoutMs, maxConnections: 1, schema });
  opened.push(store);
  return store;
}

const write = (key: string, body: string, expected: string | null = null) => ({
  key,
  expected,
  body,
  due: null,
  tags: {},
});

const unknown = {
  outcome: 'unknown',
  error: { code: 'store-unavailable', retryable: true },
};

async function bodiesOf(store: PostgresStore, ...keys: readonly string[]) {
  return (await store.load(keys)).map((record) => record?.body);
}

/** A transaction of somebody else's, with a lock on a record until it is ended. */
async function locking(key: string): Promise<PoolClient> {
  const client = await server.pool().connect();
  await client.query('BEGIN');
  await client.query(`UPDATE ${quoted(schema)}.hearth_record SET body = body WHERE key = $1`, [
    key,
  ]);
  return client;
}

/** Waits until somebody in the database waits for a lock. */
async function untilBlocked(): Promise<void> {
  const pool = server.pool();
  for (let tries = 0; tries < 2_000; tries += 1) {
    const { rowCount } = await pool.query('SELECT FROM pg_locks WHERE NOT granted');
    if ((rowCount ?? 0) > 0) return;
  }
  throw new Error('Nobody waits for a lock.');
}

describe('a save whose connection breaks', () => {
  it('is unknown, whether it has happened or not', async () => {
    const store = openBehindProxy();
    await store.save([write('h/1', 'one'), write('h/2', 'one')]);
    proxy.next('lose-answer');
    expect(await store.save([write('h/1', 'two', '1')])).toMatchObject([unknown]);
    await store.load(['h/2']);
    proxy.next('lose-request');
    expect(await store.save([write('h/2', 'two', '1')])).toMatchObject([unknown]);
    expect(await bodiesOf(store, 'h/1', 'h/2')).toEqual(['two', 'one']);
  });

  it('is unknown for each of its writes', async () => {
    const store = openBehindProxy();
    await store.load(['h/1']);
    proxy.next('lose-answer');
    const results = await store.save([write('h/1', 'one'), write('h/2', 'one')]);
    expect(results).toMatchObject([unknown, unknown]);
  });

  it('is unknown when no answer comes in time, and the late answer is not taken for that of another', async () => {
    await open().load(['h/1']);
    const store = openBehindProxy(1_000);
    await store.load(['h/1']);
    proxy.next('silence');
    expect(await store.save([write('h/1', 'one')])).toMatchObject([unknown]);
    expect(await store.save([write('h/2', 'two')])).toEqual([{ outcome: 'saved', version: '1' }]);
    expect(await bodiesOf(store, 'h/1', 'h/2')).toEqual(['one', 'two']);
  });
});

describe('a load', () => {
  it('is sent again when its connection breaks', async () => {
    const store = openBehindProxy();
    await store.save([write('h/1', 'one')]);
    proxy.next('lose-answer');
    expect(await bodiesOf(store, 'h/1')).toEqual(['one']);
  });

  it('rejects when there is no server, and works when there is one again', async () => {
    const store = openBehindProxy();
    const { port } = proxy;
    await proxy.stop();
    const gone = { code: 'store-unavailable', retryable: true };
    await expect(store.load(['h/1'])).rejects.toMatchObject(gone);
    await expect(store.save([write('h/1', 'one')])).rejects.toMatchObject(gone);
    proxy = await startProxy(server.found?.port ?? 0, port);
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'saved' }]);
  });
});

describe('a store whose idle connections are ended', () => {
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hearth'`;

  it('goes on with new ones', async () => {
    const store = openBehindProxy();
    await store.save([write('h/1', 'one')]);
    await server.pool().query(end);
    expect(await bodiesOf(store, 'h/1')).toEqual(['one']);
  });

  it('does not let that end the process, whoever has made the pool', async () => {
    const connectionString = server.found?.url;
    const pool = new Pool({ connectionString, max: 1, application_name: 'hearth' });
    const store = open({ pool });
    await store.save([write('h/1', 'one')]);
    await server.pool().query(end);
    expect(await bodiesOf(store, 'h/1')).toEqual(['one']);
    await pool.end();
  });
});

describe('a statement that the server gives up', () => {
  it('has certainly not happened', async () => {
    await open().save([write('h/1', 'one')]);
    const store = open({ pool: server.pool({ options: '-c statement_timeout=500' }) });
    const other = await locking('h/1');
    expect(await store.save([write('h/1', 'two', '1'), write('h/2', 'two')])).toMatchObject([
      { outcome: 'failed', error: { code: 'store-unavailable', retryable: true } },
      { outcome: 'failed' },
    ]);
    await other.query('COMMIT');
    other.release();
    expect(await bodiesOf(store, 'h/1', 'h/2')).toEqual(['one', undefined]);
  });

  it('is tried again if it was part of a deadlock', async () => {
    const store = open();
    await store.save([write('h/1', 'one'), write('h/2', 'one')]);
    const other = await locking('h/2');
    await other.query(`SET LOCAL deadlock_timeout = '20s'`);
    const save = store.save([write('h/1', 'two', '1'), write('h/2', 'two', '1')]);
    await untilBlocked();
    // Now each of them waits for the other; the store has waited longer, and is the one that gives way.
    await other.query(`UPDATE ${quoted(schema)}.hearth_record SET body = body WHERE key = 'h/1'`);
    await other.query('COMMIT');
    other.release();
    expect(await save).toEqual([
      { outcome: 'saved', version: '2' },
      { outcome: 'saved', version: '2' },
    ]);
  });

  it('is a conflict if transactions are serializable and another was faster', async () => {
    const options = '-c default_transaction_isolation=serializable';
    const stores = [1, 2].map(() => open({ pool: server.pool({ options }) }));
    await Promise.all(stores.map((store) => store.load(['h/1'])));
    for (let round = 0; round < 10; round += 1) {
      const expected = round === 0 ? null : String(round);
      const saves = stores.map((store) =>
        store.save([write('h/1', 'x', expected), write('h/2', 'x', expected)]),
      );
      const outcomes = (await Promise.all(saves)).map((results) =>
        results.map(({ outcome }) => outcome).join(),
      );
      expect(outcomes.toSorted()).toEqual(['conflict,conflict', 'saved,saved']);
    }
  });

  it('has not happened on a standby, whose connection is not used again', async () => {
    const pool = server.pool({ max: 1 });
    const store = open({ pool });
    await store.load(['h/1']);
    await pool.query('SET default_transaction_read_only = on');
    expect(await store.save([write('h/1', 'one')])).toMatchObject([
      { outcome: 'failed', error: { retryable: true, message: expect.stringContaining('25006') } },
    ]);
    expect(await store.save([write('h/1', 'one')])).toMatchObject([{ outcome: 'saved' }]);
  });
});

describe('records with signs that PostgreSQL cannot hold', () => {
  it('come back as they were', async () => {
    const store = open();
    const keys = ['h/\0', 'h/\u0001', 'h/\u0002'];
    const tags = { 'a\0': '\0b' };
    await store.save(keys.map((key) => ({ ...write(key, `body of ${key}`), tags, due: 1 })));
    expect(await bodiesOf(store, ...keys)).toEqual(keys.map((key) => `body of ${key}`));
    expect(await store.query({ handler: 'h', tag: 'a\0', value: '\0b', limit: 9 })).toEqual({
      keys,
    });
    expect((await store.due({ before: 1, limit: 2 })).keys).toEqual(keys.slice(0, 2));
  });

  it('are found by values of any length', async () => {
    const store = open();
    const value = '😀'.repeat(5_000);
    await store.save([{ ...write('h/1', ''), tags: { value } }]);
    const page = await store.query({ handler: 'h', tag: 'value', value, limit: 9 });
    expect(page).toEqual({ keys: ['h/1'] });
  });
});

const empty = (): string => '';

describe('postgresStore', () => {
  it.each([
    ['connectionString', { connectionString: 'postgresql://me:secret@host/db' }],
    ['connectionString', {}],
    ['pool', { pool: null }],
    ['pool', { pool: {} }],
    ['schema', { connectionString: empty, schema: 'a'.repeat(64) }],
    ['schema', { connectionString: empty, schema: '' }],
    ['schema', { connectionString: empty, schema: '$hearth$' }],
    ['sweepLeaseMs', { connectionString: empty, sweepLeaseMs: -1 }],
    ['maxRecordBytes', { connectionString: empty, maxRecordBytes: Number.NaN }],
  ])('refuses a bad %s', (field, options) => {
    const act = () => postgresStore(options as unknown as PostgresStoreOptions);
    expect(act).toThrow(expect.objectContaining({ code: 'invalid-option', field }) as Error);
  });

  it.each(['host=x password=secret', 'postgresql://me:secret@ho st/db', '', undefined])(
    'refuses %s for a connection string, and does not show it',
    async (text) => {
      const store = open({ pool: undefined, connectionString: () => text } as never);
      const error = await store.load(['h/1']).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'invalid-option', field: 'connectionString' });
      expect((error as Error).message + String((error as Error).cause)).not.toContain('secret');
    },
  );

  it('refuses what comes after it was closed, and leaves the pool open', async () => {
    const pool = server.pool();
    const store = open({ pool });
    await store.load(['h/1']);
    await store.close();
    const closed = {
      code: 'store-unavailable',
      message: expect.stringContaining('closed') as string,
    };
    await expect(store.load(['h/1'])).rejects.toMatchObject(closed);
    await expect(store.save([write('h/1', '')])).rejects.toMatchObject(closed);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('lists keys by their beginning, page by page', async () => {
    const store = open();
    await store.save(['b/1', 'a/2', 'a/1', 'ab/1', 'a/3'].map((key) => write(key, '')));
    const page = await store.keys({ prefix: 'a/', limit: 2 });
    expect(page).toEqual({ keys: ['a/1', 'a/2'], cursor: 'a/2' });
    expect(await store.keys({ prefix: 'a/', limit: 2, cursor: 'a/2' })).toEqual({ keys: ['a/3'] });
  });

  it('rejects a page of no keys and a cursor that is none', async () => {
    const store = open();
    await expect(store.due({ before: 1, limit: 0 })).rejects.toMatchObject({ field: 'limit' });
    const request = { before: 1, limit: 1, cursor: 'nonsense' };
    await expect(store.due(request)).rejects.toMatchObject({ field: 'cursor' });
  });
});
