import type { DatabaseSync } from 'node:sqlite';
import { HearthError } from '@hearth/core/event';
import { failureOf } from './failure.ts';
import { prepareSchema } from './schema.ts';

/** How a file is opened. */
export interface SqliteOptions {
  /** The path of the database file. It is created if it is missing; its folder is not. */
  readonly file: string;
  /**
   * When a save is acknowledged: with `full` (the default) once it survives a loss of power, with `normal` once it survives the loss
   * of the process, with `off` the same, and a loss of power may also damage the file.
   */
  readonly synchronous?: 'full' | 'normal' | 'off';
  /** How long (ms) a call waits while another process writes: 5,000 unless told otherwise. */
  readonly busyTimeoutMs?: number;
  /** The size beyond which the file does not grow; what would not fit is `failed`. No bound unless given. */
  readonly maxFileBytes?: number;
}

type Sqlite = typeof import('node:sqlite');

/** What of the process matters here, so that a test can be an older one. */
export interface NodeProcess {
  readonly version: string;
  getBuiltinModule?(name: 'node:sqlite'): Sqlite | undefined;
}

// While a call of SQLite waits, nothing else runs in this process; longer waits are made between calls.
const blockingWaitMs = 50;

/**
 * Opens a database file with the tables of this package.
 *
 * @throws {HearthError} `store-unavailable` when this Node.js has no SQLite, or when the file cannot be opened, is no database or
 * stays locked; `record-newer` when a newer version of this package has written it.
 */
export function openDatabase(options: SqliteOptions, node: NodeProcess = process): DatabaseSync {
  const { DatabaseSync } = sqliteOf(node);
  const { file, synchronous = 'full', busyTimeoutMs = 5_000, maxFileBytes } = options;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = ${Math.ceil(busyTimeoutMs)}`);
    useWriteAheadLog(database, file, busyTimeoutMs);
    database.exec(`PRAGMA synchronous = ${synchronous}`);
    prepareSchema(database, file);
    if (maxFileBytes !== undefined) limitSize(database, maxFileBytes);
    database.exec(`PRAGMA busy_timeout = ${Math.min(blockingWaitMs, Math.ceil(busyTimeoutMs))}`);
    return database;
  } catch (error) {
    database?.close();
    throw failureOf(error, file).error;
  }
}

function sqliteOf(node: NodeProcess): Sqlite {
  const sqlite = node.getBuiltinModule?.('node:sqlite');
  if (sqlite !== undefined) return sqlite;
  const message = `The SQLite store needs Node.js 22.13 or newer; this is ${node.version}.`;
  throw new HearthError('store-unavailable', message);
}

const retryMs = 5;

/** SQLite does not wait before it changes the journal: of two processes that open a new file at once, it refuses one at once. */
function useWriteAheadLog(database: DatabaseSync, file: string, busyTimeoutMs: number): void {
  const until = Date.now() + busyTimeoutMs;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = wal');
      return;
    } catch (error) {
      if (failureOf(error, file).kind !== 'busy' || Date.now() >= until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}

function limitSize(database: DatabaseSync, maxFileBytes: number): void {
  const size = database.prepare('PRAGMA page_size').get()?.['page_size'];
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxFileBytes / Number(size)))}`);
}
