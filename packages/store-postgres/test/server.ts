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
  /** A pool that is closed after the test. */
  pool(options?: PoolConfig): Pool;
}

/** Starts a server before the tests of a file, and stops it after them. */
export function testServer(settings: PostgresOptions['settings'] = {}): TestServer {
  let found: RunningPostgres | undefined;
  const pools: Pool[] = [];
  beforeAll(async () => {
    found = await startPostgres({ settings });
  });
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.end();
  });
  afterAll(() => found?.stop());
  return {
    get found() {
      return found;
    },
    schema: () => `test "${randomUUID()}"`,
    pool(options = {}) {
      const pool = new Pool({ connectionString: found?.url, max: 8, ...options });
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    },
  };
}
