import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from '@hearth/store-sqlite';
import type { Figures } from './figure.ts';
import { savingFigures, type BareClient } from './saving.ts';

/** Measures saves into a file that wait for the disk. */
export async function measure(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  const store = sqliteStore({ file: join(folder, 'store.db') });
  const database = new DatabaseSync(join(folder, 'bare.db'));
  try {
    return await savingFigures('sqlite', store, bare(database), 'node:sqlite, one UPDATE');
  } finally {
    await store.close();
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function bare(database: DatabaseSync): BareClient {
  database.exec('PRAGMA journal_mode = wal; PRAGMA synchronous = full');
  database.exec('CREATE TABLE record (key TEXT PRIMARY KEY, version INTEGER, body TEXT)');
  const insert = database.prepare('INSERT INTO record VALUES (?, 1, ?)');
  const update = database.prepare(
    'UPDATE record SET version = version + 1, body = ? WHERE key = ? AND version = ?',
  );
  return {
    async create(key, body) {
      insert.run(key, body);
      return '1';
    },
    async update(key, body, version) {
      const { changes } = update.run(body, key, Number(version));
      if (changes !== 1) throw new Error('A conflict.');
      return String(Number(version) + 1);
    },
  };
}
