import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from '@hearth/store-sqlite';
import type { Figures } from './figure.ts';
import { fleetFigures, type BareTable } from './fleet.ts';

/** Measures a registry in a SQLite file that waits for the disk. */
export async function measure(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  const store = sqliteStore({ file: join(folder, 'store.db') });
  const database = new DatabaseSync(join(folder, 'bare.db'));
  try {
    return await fleetFigures('sqlite', store, table(database));
  } finally {
    await store.close();
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function table(database: DatabaseSync): BareTable {
  database.exec('PRAGMA journal_mode = wal');
  database.exec('CREATE TABLE device (id TEXT PRIMARY KEY, site TEXT, body TEXT) WITHOUT ROWID');
  const page = database.prepare('SELECT id, body FROM device WHERE site = ? ORDER BY id LIMIT ?');
  const insert = database.prepare('INSERT INTO device VALUES (?, ?, ?)');
  return {
    async fill(devices) {
      database.exec('BEGIN');
      for (const { id, site, body } of devices) insert.run(id, site, body);
      database.exec('COMMIT; CREATE INDEX by_site ON device (site, id)');
    },
    async firstPage(site, limit) {
      return page.all(site, limit).map(({ body }) => String(body));
    },
  };
}
