import { existsSync } from 'node:fs';
import { HearthError } from '@hearth/core';
import { sqliteStore, type SqliteStore } from '@hearth/store-sqlite';

/** Where `hearth dev` keeps records unless told otherwise. */
export const defaultStore = '.hearth/home.db';

/**
 * Opens a store that is there already; a tool that looks must not make one by a slip of the pen.
 *
 * @throws {HearthError} `invalid-option` when there is no such file, and as `sqliteStore` does.
 */
export function openStore(file = defaultStore): SqliteStore {
  if (existsSync(file)) return sqliteStore({ file });
  throw new HearthError('invalid-option', `--store: there is no store at "${file}".`, {
    field: '--store',
  });
}
