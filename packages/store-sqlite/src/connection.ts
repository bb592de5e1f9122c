import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { HearthError } from '@hearth/core/event';
import { openDatabase, type SqliteOptions } from './database.ts';
import { failureOf } from './failure.ts';
import { transactions, type Transactions } from './transaction.ts';

/** An open file: what a store and its dead letters share. */
export interface Connection {
  readonly file: string;
  readonly database: DatabaseSync;
  readonly transactions: Transactions;
  /** Reads at once, outside of any transaction. */
  read<T>(work: () => T): T;
  close(): Promise<void>;
}

/** Opens a file. */
export function connect(options: SqliteOptions): Connection {
  const { file, busyTimeoutMs = 5_000 } = options;
  const database = openDatabase(options);
  const queue = transactions(database, file, busyTimeoutMs, presenceOf(file));
  let closing: Promise<void> | undefined;
  return {
    file,
    database,
    transactions: queue,
    read(work) {
      if (closing !== undefined) throw closedError(file);
      try {
        return work();
      } catch (error) {
        throw failureOf(error, file).error;
      }
    },
    close() {
      closing ??= queue.close(closedError(file)).then(() => database.close());
      return closing;
    },
  };
}

/**
 * Gives the function that throws once the file is no longer where it was opened.
 *
 * SQLite goes on with a file that was deleted or replaced, and so would we: everything acknowledged from then on would be gone with
 * the process.
 */
function presenceOf(file: string): () => void {
  const opened = statSync(file, { throwIfNoEntry: false });
  // A database in memory has no file.
  if (opened === undefined) return () => undefined;
  return () => {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.ino === opened.ino && found.dev === opened.dev) return;
    const message = `The database "${file}" was deleted or replaced while it was open; start again.`;
    throw new HearthError('store-unavailable', message, { retryable: true });
  };
}

function closedError(file: string): HearthError {
  const message = `The database "${file}" has been closed.`;
  return new HearthError('store-unavailable', message, { retryable: true });
}

const connections = new WeakMap<object, Connection>();

/** Remembers which connection a store has, so that others can share it. */
export function remember(store: object, connection: Connection): void {
  connections.set(store, connection);
}

/** The connection of a store. */
export function connectionOf(store: object): Connection {
  const connection = connections.get(store);
  if (connection !== undefined) return connection;
  throw new HearthError('invalid-option', 'This is no store of sqliteStore().', { field: 'store' });
}
