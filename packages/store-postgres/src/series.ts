import { HearthError, isHearthError } from '@hearth/core/event';
import type { CloudEvent, Incoming } from '@hearth/core';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { failureOf } from './failure.ts';
import { quotedSchema, type SchemaOptions } from './migrations.ts';
import { patiently } from './database.ts';
import { poolOf, withClient, type PostgresClient, type PostgresConnection } from './pool.ts';
import { rowOf, type SeriesPoint, type SeriesRow } from './series-points.ts';

export type { SeriesPoint, SeriesRow } from './series-points.ts';
export type { PostgresConnection } from './pool.ts';
export type { SchemaOptions } from './migrations.ts';

/** Makes points of an event; none of an event that is not wanted. */
export type SeriesPointsOf = (
  event: Incoming<never, never>,
) => SeriesPoint | readonly SeriesPoint[];

/** Where series are kept. */
export interface SeriesTable extends SchemaOptions {
  /** The name of the table: `hearth_series` unless given. */
  readonly table?: string;
}

/** How series are kept. */
export type PostgresSeriesOptions = PostgresConnection &
  SeriesTable & {
    /** The points of each type of event. */
    readonly points: Readonly<Record<string, SeriesPointsOf>>;
    /** What becomes of a type without points. `skip`, unless given: it was for others. `fail`: it becomes a dead letter. */
    readonly unrouted?: 'skip' | 'fail';
    /** Which of two different values of one instant is kept: the one that comes last (`replace`, unless given), or the first (`keep`). */
    readonly onConflict?: 'replace' | 'keep';
    /** Whether a missing table is made on first use: `true` unless told otherwise; see `postgresSeriesTable`. */
    readonly migrate?: boolean;
  };

/** A publisher that keeps values in a table, and finds them again. */
export interface PostgresSeries extends Publisher {
  /** The values of a series from one instant (ms) until before another, oldest first, at most `limit` (1,000 unless given). */
  read(request: {
    readonly series: string;
    readonly from: number;
    readonly until: number;
    readonly limit?: number;
  }): Promise<readonly SeriesRow[]>;
  /** Removes series whose names begin so, and resolves to the number of values that are gone: `erase('t1/')`. */
  erase(prefix: string): Promise<number>;
  /** Closes the connections, unless they are those of a pool of yours. */
  close(): Promise<void>;
}

/**
 * The SQL of the table of series, for whoever makes tables themselves. A table that is there already is used as it is: one that is `PARTITION BY
 * RANGE ("time")` works as well, as long as `(series, "time")` is its primary key.
 *
 * @throws {HearthError} `invalid-option` for a schema or table that cannot have that name.
 */
export function postgresSeriesTable(where: SeriesTable = {}): string {
  const { schema, table } = namesOf(where);
  return `CREATE SCHEMA IF NOT EXISTS ${schema};
CREATE TABLE IF NOT EXISTS ${schema}.${table} (
  series text NOT NULL,
  "time" timestamptz NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (series, "time")
);`;
}

/**
 * Keeps what is measured in one table of PostgreSQL, a row for each series and instant.
 *
 * A point that comes late goes where it belongs, and one that comes again changes nothing. All points of a call are one statement: either
 * all its events are published, or all fail to be tried again, but for those of which no point can be made, which fail for good (`invalid-data`).
 *
 * @throws {HearthError} `invalid-option` as `postgresStore` does.
 */
export function postgresSeries(options: PostgresSeriesOptions): PostgresSeries {
  const { schema, table } = namesOf(options);
  const name = `${schema}.${table}`;
  const pool = poolOf(options);
  let preparing: Promise<unknown> | undefined;
  const ready = () =>
    (preparing ??= prepared(pool, options).catch((error: unknown) => {
      preparing = undefined;
      throw error;
    }));
  const query = async (text: string, values: unknown[]) => {
    try {
      // To write a point again changes nothing, so that a lost connection is no reason to give up.
      return await patiently(['again', 'lost'], async () => {
        await ready();
        return withClient(pool, (client) => client.query(text, values));
      });
    } catch (cause) {
      throw failureOf(cause).error;
    }
  };
  return {
    ordered: true,
    publish: (events) => publishAll(options, events, (rows) => write(query, name, options, rows)),
    async read({ series, from, until, limit = 1000 }) {
      const text = `SELECT series, to_char("time" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "time", value
        FROM ${name} WHERE series = $1 AND "time" >= $2 AND "time" < $3 ORDER BY ${name}."time" LIMIT $4`;
      const [first, last] = [from, until].map(
        (at) => rowOf({ series, value: 0, time: at }, '').time,
      );
      return (await query(text, [series, first, last, limit])).rows as SeriesRow[];
    },
    async erase(prefix) {
      if (prefix === '')
        throw new HearthError('invalid-option', 'erase("") would remove every series.', {
          field: 'prefix',
        });
      const text = `DELETE FROM ${name} WHERE starts_with(series, $1)`;
      return (await query(text, [prefix])).rowCount ?? 0;
    },
    close: () => pool.close(),
  };
}

function namesOf({ schema = 'hearth', table = 'hearth_series' }: SeriesTable) {
  if (typeof table !== 'string' || !/^\w{1,63}$/.test(table)) {
    const message = 'table must be a name of 1 to 63 letters, digits and "_".';
    throw new HearthError('invalid-option', message, { field: 'table' });
  }
  return { schema: quotedSchema(schema), table: `"${table}"` };
}

async function prepared(
  pool: ReturnType<typeof poolOf>,
  { migrate = true, ...where }: PostgresSeriesOptions,
): Promise<void> {
  if (!migrate) return;
  const { schema, table } = namesOf(where);
  await withClient(pool, async (client) => {
    // Whoever may only write need not be able to make tables.
    const found = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [
      `${schema}.${table}`,
    ]);
    if ((found.rows as { there: boolean }[])[0]?.there === true) return;
    await made(client, postgresSeriesTable(where));
  });
}

// Two processes may make the table at the same time: "IF NOT EXISTS" looks before it locks.
const raced = new Set(['42P06', '42P07', '23505']);

async function made(client: PostgresClient, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    const { code } = Object(error) as { readonly code?: string };
    if (!raced.has(code ?? '')) throw error;
    await client.query(sql);
  }
}

const published: PublishResult = { outcome: 'published' };

async function publishAll(
  options: PostgresSeriesOptions,
  events: readonly Outgoing[],
  writeRows: (rows: readonly SeriesRow[]) => Promise<void>,
): Promise<readonly PublishResult[]> {
  const all = madeOf(options, events);
  const rows = all.flatMap((one) => ('rows' in one ? one.rows : []));
  let result = published;
  try {
    if (rows.length > 0) await writeRows(rows);
  } catch (thrown) {
    const cause = failureOf(thrown).error;
    const { message, retryable } = cause;
    const error = new HearthError('publisher-unavailable', message, { retryable, cause });
    result = { outcome: 'failed', error };
  }
  return all.map((one) => ('outcome' in one ? one : one.rows.length === 0 ? published : result));
}

/** The rows of each event, or why it has none; nothing of a partition goes on after one that fails. */
function madeOf(options: PostgresSeriesOptions, events: readonly Outgoing[]) {
  const held = new Set<string>();
  return events.map(({ event }): PublishResult | { readonly rows: readonly SeriesRow[] } => {
    const partition = event.partitionkey ?? event.subject ?? '';
    if (held.has(partition)) return { outcome: 'skipped' };
    const rows = rowsOf(options, event);
    if (!isHearthError(rows)) return { rows };
    held.add(partition);
    return { outcome: 'failed', error: rows };
  });
}

function rowsOf(
  { points, unrouted = 'skip' }: PostgresSeriesOptions,
  event: CloudEvent,
): readonly SeriesRow[] | HearthError {
  const { type } = event;
  const pointsOf = Object.hasOwn(points, type) ? points[type] : undefined;
  // A dead letter is never for others.
  if (pointsOf === undefined && unrouted === 'skip' && type !== 'hearth.deadletter') return [];
  if (pointsOf === undefined)
    return new HearthError('invalid-option', `No points are given for "${type}".`, {
      field: 'points',
    });
  try {
    return [pointsOf(event as Incoming<never, never>)].flat().map((one) => rowOf(one, event.time));
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    const message = `The points of "${type}" could not be made.`;
    return new HearthError('invalid-data', message, { field: 'points', cause });
  }
}

type Query = (text: string, values: unknown[]) => Promise<unknown>;

async function write(
  query: Query,
  name: string,
  { onConflict = 'replace' }: PostgresSeriesOptions,
  rows: readonly SeriesRow[],
): Promise<void> {
  const known = new Map<string, SeriesRow>();
  for (const row of rows) {
    // One statement must not write a row twice.
    const key = `${row.time} ${row.series}`;
    if (onConflict === 'replace' || !known.has(key)) known.set(key, row);
  }
  // In one order, so that two who write the same rows do not wait for each other.
  const all = [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const then =
    onConflict === 'keep'
      ? 'NOTHING'
      : 'UPDATE SET value = EXCLUDED.value WHERE kept.value IS DISTINCT FROM EXCLUDED.value';
  const text = `INSERT INTO ${name} AS kept (series, "time", value)
    SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::double precision[])
    ON CONFLICT (series, "time") DO ${then}`;
  const column = (of: (row: SeriesRow) => string | number) => all.map(of);
  await query(text, [
    column(({ series }) => series),
    column(({ time }) => time),
    column(({ value }) => value),
  ]);
}
