import type { DatabaseSync } from 'node:sqlite';
import { HearthError } from '@hearth/core/event';

/** The version of the tables below. A change of them is a new version with a step in `prepareSchema`. */
const schemaVersion = 1;

// `tag` begins with the tag because a handler is the beginning of a key. `hash` is `keyHash(key)`; in the index it spares a look at
// the record for each shard.
const tables = `
  CREATE TABLE hearth_record (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    due INTEGER,
    hash INTEGER NOT NULL,
    tags TEXT NOT NULL
  );
  CREATE INDEX hearth_due ON hearth_record (due, key, hash) WHERE due IS NOT NULL;
  CREATE TABLE hearth_tag (
    tag TEXT NOT NULL,
    value TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (tag, value, key)
  ) WITHOUT ROWID;
  CREATE TABLE hearth_dead_letter (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    subject TEXT,
    body TEXT NOT NULL,
    UNIQUE (id, source)
  );
  INSERT INTO hearth_schema (version) VALUES (${schemaVersion});
`;

/**
 * Makes the tables if they are missing.
 *
 * @throws {HearthError} `record-newer` when the tables are of a version that this one does not know.
 */
export function prepareSchema(database: DatabaseSync, file: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec('CREATE TABLE IF NOT EXISTS hearth_schema (version INTEGER NOT NULL)');
    const row = database.prepare('SELECT max(version) AS version FROM hearth_schema').get();
    const version = Number(row?.['version'] ?? 0);
    if (version > schemaVersion) throw newer(file, version);
    if (version === 0) database.exec(tables);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function newer(file: string, version: number): HearthError {
  const message = `The database "${file}" has tables of version ${version}; this package knows up to ${schemaVersion}.`;
  return new HearthError('record-newer', `${message} Update @hearth/store-sqlite.`);
}
