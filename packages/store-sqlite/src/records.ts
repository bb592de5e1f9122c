import type { DatabaseSync } from 'node:sqlite';
import { keyHash, type RecordWrite, type SaveResult, type StoredRecord } from '@hearth/core/ports';

/** The records of a database: what of the store runs inside one transaction. */
export interface Records {
  load(keys: readonly string[]): readonly (StoredRecord | undefined)[];
  save(write: RecordWrite): SaveResult;
}

interface Row {
  readonly key: string;
  readonly version: number;
  readonly body: string;
}

const conflict: SaveResult = { outcome: 'conflict' };

// Up to here one statement per key is faster than one that reads a list.
const fewKeys = 3;

/** Prepares the statements once: preparing costs more than running. */
export function records(database: DatabaseSync): Records {
  const one = database.prepare('SELECT key, version, body FROM hearth_record WHERE key = ?');
  const many = database.prepare(
    'SELECT key, version, body FROM hearth_record WHERE key IN (SELECT value FROM json_each(?))',
  );
  const loadOne = (key: string) => toRecord(one.get(key) as Row | undefined);
  const create = creator(database);
  const update = updater(database);
  return {
    load(keys) {
      if (keys.length <= fewKeys) return keys.map(loadOne);
      const rows = many.all(JSON.stringify(keys)) as unknown as readonly Row[];
      const found = new Map(rows.map((row) => [row.key, toRecord(row)]));
      return keys.map((key) => found.get(key));
    },
    save: (write) => (write.expected === null ? create(write) : update(write, write.expected)),
  };
}

function toRecord(row: Row | undefined): StoredRecord | undefined {
  return row && { key: row.key, version: String(row.version), body: row.body };
}

function creator(database: DatabaseSync) {
  const insert = database.prepare(
    `INSERT INTO hearth_record (key, version, body, due, hash, tags) VALUES (?, 1, ?, ?, ?, ?)
     ON CONFLICT (key) DO NOTHING`,
  );
  const tagging = taggings(database);
  return ({ key, body, due, tags }: RecordWrite): SaveResult => {
    const entries = entriesOf(tags);
    const { changes } = insert.run(key, body, due, keyHash(key), textOf(entries));
    if (changes === 0) return conflict;
    tagging.add(key, entries);
    return { outcome: 'saved', version: '1' };
  };
}

function updater(database: DatabaseSync) {
  // Most saves leave the tags as they are. Then this one statement compares, swaps and keeps the index.
  const keepTags = database.prepare(
    `UPDATE hearth_record SET version = version + 1, body = ?, due = ?
     WHERE key = ? AND version = ? AND tags = ?`,
  );
  const tagsOf = database.prepare('SELECT tags FROM hearth_record WHERE key = ? AND version = ?');
  const update = database.prepare(
    'UPDATE hearth_record SET version = version + 1, body = ?, due = ?, tags = ? WHERE key = ?',
  );
  const tagging = taggings(database);
  return ({ key, body, due, tags }: RecordWrite, expected: string): SaveResult => {
    const version = Number(expected);
    if (String(version) !== expected) return conflict;
    const saved: SaveResult = { outcome: 'saved', version: String(version + 1) };
    const entries = entriesOf(tags);
    const text = textOf(entries);
    if (keepTags.run(body, due, key, version, text).changes === 1) return saved;
    const old = tagsOf.get(key, version) as { readonly tags: string } | undefined;
    if (old === undefined) return conflict;
    update.run(body, due, text, key);
    tagging.remove(key, JSON.parse(old.tags) as readonly Tag[]);
    tagging.add(key, entries);
    return saved;
  };
}

type Tag = readonly [tag: string, value: string];

const noEntries: readonly Tag[] = [];

/** Tags in one order, so that equal tags are equal texts. */
function entriesOf(tags: RecordWrite['tags']): readonly Tag[] {
  const entries = Object.entries(tags);
  if (entries.length === 0) return noEntries;
  return entries.length === 1 ? entries : entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function textOf(entries: readonly Tag[]): string {
  return entries.length === 0 ? '[]' : JSON.stringify(entries);
}

function taggings(database: DatabaseSync) {
  const insert = database.prepare('INSERT INTO hearth_tag (tag, value, key) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM hearth_tag WHERE tag = ? AND value = ? AND key = ?');
  return {
    add(key: string, entries: readonly Tag[]): void {
      for (const [tag, value] of entries) insert.run(tag, value, key);
    },
    remove(key: string, entries: readonly Tag[]): void {
      for (const [tag, value] of entries) remove.run(tag, value, key);
    },
  };
}
