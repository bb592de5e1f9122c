import { setTimeout as pause } from 'node:timers/promises';
import { HearthError } from '@hearth/core/event';
import { failureOf } from './failure.ts';
import {
  postgresMigrations,
  quotedSchema,
  schemaVersion,
  type SchemaOptions,
} from './migrations.ts';
import { poolOf, withClient, type PostgresClient, type PostgresConnection } from './pool.ts';

/** How a database is used. */
export type PostgresOptions = PostgresConnection &
  SchemaOptions & {
    /** Whether missing tables are made on first use: `true` unless told otherwise; see `postgresMigrations`. */
    readonly migrate?: boolean;
  };

/** A database whose tables are as they should be. */
export interface Database {
  /** The schema as it is written in SQL. */
  readonly schema: string;
  /** Runs a statement that only looks; one that could not be answered is sent again. */
  read<T>(text: string, values: unknown[]): Promise<readonly T[]>;
  /** Lends a connection for statements that write. */
  write<T>(work: (client: PostgresClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a database; nothing is sent before the first use. */
export function database(options: PostgresOptions): Database {
  const { schema = 'hearth', migrate = true } = options;
  const quoted = quotedSchema(schema);
  const pool = poolOf(options);
  let preparing: Promise<void> | undefined;
  const ready = () =>
    (preparing ??= withClient(pool, (client) => prepare(client, schema, migrate)).catch(
      (error: unknown) => {
        preparing = undefined;
        throw failureOf(error).error;
      },
    ));
  const write: Database['write'] = async (work) => {
    await ready();
    return withClient(pool, work);
  };
  return {
    schema: quoted,
    write,
    read: <T>(text: string, values: unknown[]) =>
      patiently(['again', 'lost'], () =>
        write(async (client) => (await client.query(text, values)).rows as T[]),
      ).catch((cause: unknown) => {
        throw failureOf(cause).error;
      }),
    close: () => pool.close(),
  };
}

const tries = 5;

/**
 * Does something again after these kinds of failure; waits a little longer each time, so that those who clash do not meet again. Throws
 * what the last try has thrown.
 */
export async function patiently<T>(kinds: readonly string[], work: () => Promise<T>): Promise<T> {
  for (let nth = 1; ; nth += 1) {
    try {
      return await work();
    } catch (cause) {
      if (nth === tries || !kinds.includes(failureOf(cause).kind)) throw cause;
      await pause(Math.random() * 10 * nth);
    }
  }
}

async function prepare(client: PostgresClient, schema: string, migrate: boolean): Promise<void> {
  const found = await versionOf(client, schema);
  if (found > schemaVersion) throw newer(schema, found);
  if (found === schemaVersion) return;
  if (!migrate) throw missing(schema, found);
  const migrations = postgresMigrations({ schema }).filter(({ version }) => version > found);
  for (const { sql } of migrations) await migrated(client, sql);
}

async function versionOf(client: PostgresClient, schema: string): Promise<number> {
  const table = `${quotedSchema(schema)}.hearth_migration`;
  const { rows } = await client.query(
    `SELECT current_setting('server_encoding') AS encoding, to_regclass($1) IS NOT NULL AS there`,
    [table],
  );
  const [{ encoding, there } = {}] = rows as { encoding?: string; there?: boolean }[];
  if (encoding !== 'UTF8') throw foreign(encoding);
  if (there !== true) return 0;
  const max = await client.query(`SELECT max(version) AS version FROM ${table}`);
  return (max.rows as { version: number | null }[])[0]?.version ?? 0;
}

// Where transactions are serializable by default, whoever waited for the lock cannot see what was done meanwhile.
const raced = new Set(['42P06', '42P07', '23505', '40001', '40P01']);

async function migrated(client: PostgresClient, sql: string): Promise<void> {
  for (let nth = 1; ; nth += 1) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      const { code } = Object(error) as { readonly code?: string };
      if (nth === tries || !raced.has(code ?? '')) throw error;
    }
  }
}

function newer(schema: string, version: number): HearthError {
  const message = `The schema "${schema}" has tables of version ${version}; this package knows up to ${schemaVersion}.`;
  return new HearthError('record-newer', `${message} Update @hearth/store-postgres.`);
}

function missing(schema: string, version: number): HearthError {
  const message = `The schema "${schema}" has tables of version ${version}; version ${schemaVersion} is needed. Run what postgresMigrations() gives.`;
  return new HearthError('store-unavailable', message, { retryable: true });
}

function foreign(encoding: string | undefined): HearthError {
  const message = `The database has the encoding ${encoding}; records need UTF8.`;
  return new HearthError('invalid-option', message, { field: 'connectionString' });
}
