import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteStore } from '@hearth/store-sqlite';
import type { Figures } from './figure.ts';
import { bareLoop, batchSize, handling, records, type Bodies } from './handling.ts';
import { duel, isQuick } from './rounds.ts';

/** Measures `handle` with a SQLite file that waits for the disk, against a table that is written in one transaction a batch. */
export async function measure(): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  const store = sqliteStore({ file: join(folder, 'store.db') });
  const database = new DatabaseSync(join(folder, 'bare.db'));
  try {
    const ours = handling(store);
    await ours(isQuick ? batchSize : records * 64);
    const peer = bareLoop(table(database));
    const { ours: rate, ratio } = await duel(ours, peer, {
      clock: 'wall',
      multipleOf: batchSize,
    });
    return {
      'handle.sqlite': {
        value: rate.perSecond,
        best: rate.best,
        unit: 'events/s',
        ratio,
        against: 'JSON.parse, zod, the step and one table',
        note: `both with synchronous = full; a batch is ${batchSize} events, which is two commits for us and one for the table`,
      },
    };
  } finally {
    await store.close();
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function table(database: DatabaseSync): Bodies {
  database.exec('PRAGMA journal_mode = wal; PRAGMA synchronous = full');
  database.exec('CREATE TABLE record (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID');
  const select = database.prepare('SELECT body FROM record WHERE key = ?');
  const upsert = database.prepare(
    'INSERT INTO record VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body',
  );
  return {
    get: (key) => (select.get(key) as { readonly body: string } | undefined)?.body,
    set: (key, body) => upsert.run(key, body),
    batch(work) {
      database.exec('BEGIN IMMEDIATE');
      work();
      database.exec('COMMIT');
    },
  };
}
