import { createHash } from 'node:crypto';
import { isHearthError } from '@hearth/core/event';
import { keyHash } from '@hearth/core/ports';
import type { RecordWrite, SaveResult, StoredRecord } from '@hearth/core/ports';
import { patiently, type Database } from './database.ts';
import { failureOf } from './failure.ts';
import type { PostgresClient } from './pool.ts';
import { fromColumn, toColumn } from './text.ts';

/** Reads and writes records. */
export interface Records {
  load(keys: readonly string[]): Promise<readonly (StoredRecord | undefined)[]>;
  /** One result for each write. All keys must be different, and all writes fit. */
  save(writes: readonly RecordWrite[]): Promise<readonly SaveResult[]>;
}

interface Row {
  readonly key: string;
  readonly version: string;
  readonly body: string;
}

/** The records of a database. */
export function records(database: Database): Records {
  const statements = statementsFor(database.schema);
  return {
    async load(keys) {
      if (keys.length === 0) return [];
      const rows = await database.read<Row>(statements.load, [keys.map(toColumn)]);
      const found = new Map(rows.map((row) => [fromColumn(row.key), row]));
      return keys.map((key) => {
        const row = found.get(key);
        return row && { key, version: row.version, body: fromColumn(row.body) };
      });
    },
    async save(writes) {
      const results: SaveResult[] = [];
      for (const part of partsOf(writes)) {
        results.push(...(await savePart(database, statements, part, results.length === 0)));
      }
      return results;
    },
  };
}

type Statements = ReturnType<typeof statementsFor>;

function statementsFor(schema: string) {
  const table = `${schema}.hearth_record`;
  return {
    load: `SELECT key, version, body FROM ${table} WHERE key = ANY ($1)`,
    create: `INSERT INTO ${table} (key, version, body, due, hash, tags)
      VALUES ($1, 1, $2, $3, $4, string_to_array($5, ',')) ON CONFLICT DO NOTHING`,
    update: `UPDATE ${table} SET version = version + 1, body = $3, due = $4, tags = string_to_array($5, ',')
      WHERE key = $1 AND version = $2`,
    // Rows are locked in the order of their keys, so that workers with the same records wait for each other instead of in a circle.
    many: `WITH given AS MATERIALIZED (
        SELECT key COLLATE "C" AS key, expected, body, due, hash, string_to_array(tags, ',') AS tags
        FROM unnest($1::text[], $2::bigint[], $3::text[], $4::float8[], $5::bigint[], $6::text[])
          AS one (key, expected, body, due, hash, tags)
      ), created AS (
        INSERT INTO ${table} (key, version, body, due, hash, tags)
        SELECT key, 1, body, due, hash, tags FROM given WHERE expected IS NULL ORDER BY key
        ON CONFLICT DO NOTHING RETURNING key
      ), locked AS (
        SELECT record.key FROM ${table} AS record
        JOIN given ON record.key = given.key AND record.version = given.expected
        ORDER BY record.key FOR NO KEY UPDATE OF record
      ), updated AS (
        UPDATE ${table} AS record
        SET version = version + 1, body = given.body, due = given.due, tags = given.tags
        FROM locked JOIN given USING (key)
        WHERE record.key = locked.key AND record.version = given.expected
        RETURNING record.key
      ) SELECT key FROM created UNION ALL SELECT key FROM updated`,
  };
}

const most = { writes: 500, bytes: 4_000_000 };

/** What goes into one statement: all that a call has, unless that is a lot. */
function* partsOf(writes: readonly RecordWrite[]): Generator<readonly RecordWrite[]> {
  let part: RecordWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    if (part.length === most.writes || bytes > most.bytes) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(write);
    bytes += write.body.length;
  }
  if (part.length > 0) yield part;
}

/** Saves in one statement. When there is no connection at all, the first one rejects: nothing of the call has happened. */
async function savePart(
  database: Database,
  statements: Statements,
  writes: readonly RecordWrite[],
  isFirst: boolean,
): Promise<readonly SaveResult[]> {
  const [only] = writes;
  const send = (client: PostgresClient) =>
    writes.length === 1 && only !== undefined
      ? sendOne(client, statements, only)
      : sendMany(client, statements, writes);
  try {
    return await patiently(['again'], () => database.write(send));
  } catch (cause) {
    if (isFirst && isHearthError(cause)) throw cause;
    const { kind, error } = failureOf(cause);
    const outcome = kind === 'lost' ? 'unknown' : 'failed';
    return writes.map(() => ({ outcome, error }));
  }
}

const conflict: SaveResult = { outcome: 'conflict' };

/** A single write needs no lists and no order; this is what most saves are. */
async function sendOne(
  client: PostgresClient,
  statements: Statements,
  { key, expected, body, due, tags }: RecordWrite,
): Promise<readonly SaveResult[]> {
  const version = versionOf(expected);
  if (version === undefined) return [conflict];
  const [name, text, entries] = [toColumn(key), toColumn(body), entriesOf(tags)];
  const { rowCount } =
    version === null
      ? await client.query(statements.create, [name, text, due, keyHash(key), entries])
      : await client.query(statements.update, [name, version, text, due, entries]);
  return [rowCount === 1 ? saved(version) : conflict];
}

async function sendMany(
  client: PostgresClient,
  statements: Statements,
  writes: readonly RecordWrite[],
): Promise<readonly SaveResult[]> {
  const possible = writes.filter(({ expected }) => versionOf(expected) !== undefined);
  const { rows } = await client.query(statements.many, [
    possible.map(({ key }) => toColumn(key)),
    possible.map(({ expected }) => expected),
    possible.map(({ body }) => toColumn(body)),
    possible.map(({ due }) => due),
    possible.map(({ key }) => keyHash(key)),
    possible.map(({ tags }) => entriesOf(tags)),
  ]);
  const keys = new Set((rows as Pick<Row, 'key'>[]).map(({ key }) => fromColumn(key)));
  return writes.map(({ key, expected }) =>
    keys.has(key) ? saved(versionOf(expected) ?? null) : conflict,
  );
}

function saved(before: string | null): SaveResult {
  return { outcome: 'saved', version: String(before === null ? 1n : BigInt(before) + 1n) };
}

/** A version that is none of ours is `undefined`: no record has it. */
function versionOf(expected: string | null): string | null | undefined {
  return expected === null || /^[1-9]\d{0,17}$/.test(expected) ? expected : undefined;
}

/** Tags as the column takes them: their entries, in one order, so that equal tags are equal lists. */
function entriesOf(tags: RecordWrite['tags']): string {
  const all = Object.entries(tags);
  if (all.length === 0) return '';
  return all
    .map(([tag, value]) => entryOf(tag, value))
    .toSorted()
    .join();
}

/** Under what a tag is indexed: 128 bits of a hash, because a value may be longer than an index takes. */
export function entryOf(tag: string, value: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([tag, value]))
    .digest();
  return hash.subarray(0, 16).toString('base64url');
}
