import { startPostgres } from '@hearth/emulators/postgres';
import { postgresStore } from '@hearth/store-postgres';
import { Pool } from 'pg';
import type { Figures } from './figure.ts';
import { fleetFigures, type BareTable } from './fleet.ts';

/** Measures a registry in a PostgreSQL of our own that waits for the disk. */
export async function measure(): Promise<Figures> {
  const server = await startPostgres({ isDurable: true });
  if (server === undefined) throw new Error('This machine has no PostgreSQL.');
  const pool = new Pool({ connectionString: server.url, max: 16 });
  const store = postgresStore({ pool });
  try {
    return await fleetFigures('postgres', store, await table(pool));
  } finally {
    await store.close();
    await pool.end();
    await server.stop();
  }
}

async function table(pool: Pool): Promise<BareTable> {
  await pool.query('CREATE TABLE device (id text PRIMARY KEY, site text, body text)');
  return {
    async fill(devices) {
      const all = [...devices];
      for (let at = 0; at < all.length; at += 5000) {
        const some = all.slice(at, at + 5000);
        await pool.query(
          'INSERT INTO device SELECT * FROM unnest($1::text[], $2::text[], $3::text[])',
          [some.map(({ id }) => id), some.map(({ site }) => site), some.map(({ body }) => body)],
        );
      }
      await pool.query('CREATE INDEX by_site ON device (site, id)');
      // What the server would do by itself within a minute or so, for both sides.
      await pool.query('VACUUM ANALYZE');
    },
    async firstPage(site, limit) {
      const text = 'SELECT id, body FROM device WHERE site = $1 ORDER BY id LIMIT $2';
      const { rows } = await pool.query<{ body: string }>(text, [site, limit]);
      return rows.map(({ body }) => body);
    },
  };
}
