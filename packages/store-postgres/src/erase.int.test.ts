import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { postgresNeeds } from '@hearth/emulators/postgres';
import { needs } from '@hearth/testing/needs';
import { expect, it } from 'vitest';
import { testServer } from '../test/server.ts';
import { postgresStore } from './postgres-store.ts';

const server = testServer();

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

function filesWith(folder: string, text: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files.filter(
    (file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(text),
  ).length;
}
