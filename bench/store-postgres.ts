import { startPostgres } from '@hearth/emulators/postgres';
import { postgresStore } from '@hearth/store-postgres';
import { Pool } from 'pg';
import type { Figures } from './figure.ts';
import { savingFigures, type BareClient } from './saving.ts';

/** Measures saves into a PostgreSQL of our own that waits for the disk. */
export async function measure(): Promise<Figures> {
  const server = await startPostgres({ isDurable: true });
  if (server === undefined) throw new Error('This machine has no PostgreSQL.');
  const pool = new Pool({ connectionString: server.url, max: 16 });
  const store = postgresStore({ pool });
  try {
    const note = `${server.kind}; each save is a commit that waits for the disk, on both sides`;
    const peer = await bare(pool);
    return await savingFigures('postgres', store, peer, 'pg, one UPDATE', { note });
  } finally {
    await store.close();
    await pool.end();
    await server.stop();
  }
}

async function bare(pool: Pool): Promise<BareClient> {
  await pool.query('CREATE TABLE record (key text PRIMARY KEY, version bigint, body text)');
  return {
    async create(key, body) {
      await pool.query('INSERT INTO record VALUES ($1, 1, $2)', [key, body]);
      return '1';
    },
    async update(key, body, version) {
      const { rowCount } = await pool.query(
        'UPDATE record SET version = version + 1, body = $1 WHERE key = $2 AND version = $3',
        [body, key, version],
      );
      if (rowCount !== 1) throw new Error('A conflict.');
      return String(Number(version) + 1);
    },
  };
}
