import { randomUUID } from 'node:crypto';
import {
  startPostgres,
  type PostgresOptions,
  type RunningPostgres,
} from '@hearth/emulators/postgres';
import { Pool, type PoolConfig } from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** A server for a file of tests; each test has schemas of its own. */
export interface TestServer {
  /** The server, where this machine has one. */
  readonly found: RunningPostgres | undefined;
  /** A schema that nobody has used. */
  schema(): string;
  /** Empties the tables of a schema: to make them anew for each case would take longer than the cases. */
  empty(schema: string): Promise<void>;
  /** The pool of the file, or one with options, which is closed after the test. */
  pool(options?: PoolConfig): Pool;
}

/** Starts a server before the tests of a file, and stops it after them. */
export function testServer(settings: PostgresOptions['settings'] = {}): TestServer {
  let found: RunningPostgres | undefined;
  let shared: Pool | undefined;
  const pools: Pool[] = [];
  const open = (options: PoolConfig) => {
    const opened = new Pool({ connectionString: found?.url, max: 8, ...options });
    return opened.on('error', () => undefined);
  };
  const pool = (options?: PoolConfig) => {
    if (options === undefined) return (shared ??= open({}));
    const own = open(options);
    pools.push(own);
    return own;
  };
  beforeAll(async () => {
    found = await startPostgres({ settings });
  });
  afterEach(async () => {
    for (const own of pools.splice(0)) await own.end();
  });
  afterAll(async () => {
    await shared?.end();
    await found?.stop();
  });
  return {
    get found() {
      return found;
    },
    schema: () => `test "${randomUUID()}"`,
    async empty(schema) {
      const tables = ['record', 'tag', 'claim'].map((name) => `${quoted(schema)}.hearth_${name}`);
      await pool().query(tables.map((table) => `DELETE FROM ${table}`).join(';'));
    },
    pool,
  };
}

/** A schema as it is written in SQL. */
export const quoted = (schema: string): string => `"${schema.replaceAll('"', '""')}"`;
