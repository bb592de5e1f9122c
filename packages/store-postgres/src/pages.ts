import { randomUUID } from 'node:crypto';
import { HearthError } from '@hearth/core/event';
import type { DueRequest, KeyPage, TagRequest } from '@hearth/core/ports';
import type { Database } from './database.ts';
import { entryOf } from './records.ts';
import { fromColumn, toColumn } from './text.ts';

/** Asks for keys by their beginning, in key order. */
export interface KeyRequest {
  /** What the keys begin with; `<handler name>/` gives one handler's. Everything unless given. */
  readonly prefix?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** The lists of keys that a database can give. */
export interface Pages {
  due(request: DueRequest): Promise<KeyPage>;
  query(request: TagRequest): Promise<KeyPage>;
  keys(request: KeyRequest): Promise<KeyPage>;
}

interface DueRow {
  readonly due: number;
  readonly key: string;
  /** `false` if another sweeper was a moment faster. */
  readonly mine: boolean;
}

/** The lists of a database. `leaseMs` is for how long a due record is left to the sweeper that has got it; 0 leaves it to all. */
export function pages(database: Database, leaseMs: number): Pages {
  const { schema } = database;
  const owner = randomUUID();
  const due = leaseMs > 0 ? claimingDue(schema) : plainDue(schema);
  const claim = leaseMs > 0 ? [owner, leaseMs] : [];
  const list = async (text: string, values: unknown[], limit: number): Promise<KeyPage> => {
    const rows = await database.read<{ readonly key: string }>(text, [...values, limit + 1]);
    const keys = rows.slice(0, limit).map(({ key }) => fromColumn(key));
    const last = keys.at(-1);
    return rows.length > limit && last !== undefined ? { keys, cursor: last } : { keys };
  };
  return {
    async due({ before, limit, shard = { index: 0, of: 1 }, cursor }) {
      const from = cursor === undefined ? { due: -Number.MAX_VALUE, key: '' } : parse(cursor);
      const place = [before, from.due, toColumn(from.key), shard.of, shard.index];
      const rows = await database.read<DueRow>(due, [...place, atLeastOne(limit), ...claim]);
      const keys = rows.filter(({ mine }) => mine).map(({ key }) => fromColumn(key));
      const last = rows.at(-1);
      if (rows.length < limit || last === undefined) return { keys };
      return { keys, cursor: `${last.due}/${fromColumn(last.key)}` };
    },
    query({ handler, tag, value, limit, cursor = '' }) {
      // '0' is the sign after '/': the keys in between are those of the handler.
      const range = [`${handler}/`, cursor, `${handler}0`].map(toColumn);
      const text = `SELECT key FROM ${schema}.hearth_tag
        WHERE entry = $1 AND key >= $2 AND key > $3 AND key < $4 ORDER BY key LIMIT $5`;
      return list(text, [entryOf(tag, value), ...range], atLeastOne(limit));
    },
    keys({ prefix = '', limit, cursor = '' }) {
      const text = `SELECT key FROM ${schema}.hearth_record
        WHERE key >= $1 AND key > $2 AND starts_with(key, $1) ORDER BY key LIMIT $3`;
      return list(text, [prefix, cursor].map(toColumn), atLeastOne(limit));
    },
  };
}

// Of a bare "hash % 16 = 3" the planner expects one row in 200, so that it sorts all that is due instead of reading the index in order
// up to the limit.
const dueRows = (schema: string) => `SELECT due, key FROM ${schema}.hearth_record AS record
  WHERE due <= $1 AND (due, key) > ($2, $3) AND CASE WHEN hash % $4::bigint = $5::bigint THEN true ELSE false END`;

function plainDue(schema: string): string {
  return `SELECT due, key, true AS mine FROM (${dueRows(schema)} ORDER BY due, key LIMIT $6) AS page`;
}

/**
 * Sweepers that look at the same moment get different records: each skips the rows that another has locked, and what another has claimed
 * a moment ago. A claim is for one due instant: it ends when the record is saved with another, or after its time.
 */
function claimingDue(schema: string): string {
  const claims = `${schema}.hearth_claim`;
  return `WITH page AS (
      ${dueRows(schema)} AND NOT EXISTS (
        SELECT FROM ${claims} AS claim WHERE claim.key = record.key AND claim.due = record.due
          AND claim.owner <> $7 AND claim.until > now()
      ) ORDER BY due, key LIMIT $6 FOR NO KEY UPDATE OF record SKIP LOCKED
    ), mine AS (
      INSERT INTO ${claims} AS claim (key, due, owner, until)
      SELECT key, due, $7, now() + $8::float8 * interval '1 ms' FROM page
      ON CONFLICT (key) DO UPDATE SET due = excluded.due, owner = excluded.owner, until = excluded.until
        WHERE claim.due <> excluded.due OR claim.owner = excluded.owner OR claim.until <= now()
      RETURNING key
    ), past AS (
      DELETE FROM ${claims} WHERE key IN (
        SELECT key FROM ${claims} WHERE until < now() AND key NOT IN (SELECT key FROM page)
        ORDER BY until LIMIT 200 FOR UPDATE SKIP LOCKED
      )
    ) SELECT due, key, mine.key IS NOT NULL AS mine FROM page LEFT JOIN mine USING (key)
    ORDER BY due, key`;
}

function atLeastOne(limit: number): number {
  if (limit >= 1) return limit;
  const message = `A page of ${limit} keys was asked for; at least 1 is needed.`;
  throw new HearthError('invalid-option', message, { field: 'limit' });
}

function parse(cursor: string): Pick<DueRow, 'due' | 'key'> {
  const end = cursor.indexOf('/');
  const due = Number(cursor.slice(0, end));
  if (end < 1 || Number.isNaN(due)) {
    throw new HearthError('invalid-option', 'This is no cursor of a due page.', {
      field: 'cursor',
    });
  }
  return { due, key: cursor.slice(end + 1) };
}
