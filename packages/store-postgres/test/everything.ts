import type { Pool } from 'pg';
import { quoted } from './server.ts';

/** All that can be asked for in a schema: every row of every table, as text. */
export async function everything(pool: Pool, schema: string): Promise<string> {
  const all = `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace($1)`;
  const tables = await pool.query<{ name: string }>(all, [quoted(schema)]);
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await pool.query(`SELECT r::text AS r FROM ${quoted(schema)}.${name} AS r`);
    texts.push(JSON.stringify(rows));
  }
  return texts.join('\n');
}
