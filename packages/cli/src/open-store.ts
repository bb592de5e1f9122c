import { existsSync } from 'node:fs';
import { HearthError } from '@hearth/core';
import { postgresDeadLetters, postgresStore } from '@hearth/store-postgres';
import {
  sqliteDeadLetters,
  sqliteStore,
  type SqliteDeadLetters,
  type SqliteStore,
} from '@hearth/store-sqlite';

/** Where `hearth dev` keeps records unless told otherwise. */
export const defaultStore = '.hearth/home.db';

/** A store that can be looked through. */
export type OpenStore = Pick<SqliteStore, keyof SqliteStore>;

/** The dead letters beside it. */
export type OpenLetters = Pick<SqliteDeadLetters, keyof SqliteDeadLetters>;

/** What was opened; closing the store closes both. */
export interface Opened {
  readonly store: OpenStore;
  readonly letters: OpenLetters;
}

/**
 * Opens a store that is there already; a tool that looks must not make one by a slip of the pen. `where` is the path of a SQLite file, or
 * the URL of a PostgreSQL database, whose `schema` may be given as a parameter: `postgresql://me@host/db?schema=hearth`.
 *
 * @throws {HearthError} `invalid-option` when there is no such file or the URL is none, and as the stores do.
 */
export function openStore(where = defaultStore): Opened {
  if (/^postgres(ql)?:/.test(where)) return openPostgres(where);
  if (existsSync(where)) {
    const store = sqliteStore({ file: where });
    return { store, letters: sqliteDeadLetters(store) };
  }
  throw new HearthError('invalid-option', `--store: there is no store at "${where}".`, {
    field: '--store',
  });
}

function openPostgres(where: string): Opened {
  if (!URL.canParse(where)) {
    // Not shown: it may have a password in it.
    const message = '--store: this is no URL like postgresql://user@host:5432/database.';
    throw new HearthError('invalid-option', message, { field: '--store' });
  }
  const url = new URL(where);
  const schema = url.searchParams.get('schema') ?? 'hearth';
  url.searchParams.delete('schema');
  const store = postgresStore({ connectionString: () => url.href, schema, migrate: false });
  return { store, letters: postgresDeadLetters(store) };
}
