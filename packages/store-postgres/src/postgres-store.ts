import {
  assertDistinctKeys,
  memoryCapabilities,
  misfit,
  type KeyPage,
  type RecordWrite,
  type SaveResult,
  type StateStore,
  type StoreCapabilities,
} from '@hearth/core/ports';
import { HearthError } from '@hearth/core/event';
import { database, type Database, type PostgresOptions } from './database.ts';
import { pages, type KeyRequest } from './pages.ts';
import { records, type Records } from './records.ts';

/** How a store is opened. */
export type PostgresStoreOptions = PostgresOptions & {
  /** The largest record in bytes: 400,000 unless told otherwise, which every supported store can hold. */
  readonly maxRecordBytes?: number;
  /**
   * For how long (ms) a due record is left to the sweeper that has got it from `due`, before other stores' `due` shows it to theirs:
   * 10,000 unless told otherwise. 0 shows everything to all.
   */
  readonly sweepLeaseMs?: number;
};

/** A `StateStore` in PostgreSQL. */
export interface PostgresStore extends StateStore {
  /** The keys that begin with `prefix`, in key order: for tools that look into a store. */
  keys(request: KeyRequest): Promise<KeyPage>;
  /** Refuses what comes later, and closes the connections unless they are those of a pool of yours. */
  close(): Promise<void>;
}

/**
 * Opens a store in PostgreSQL, for any number of workers. Nothing is sent before the first use, which makes missing tables.
 *
 * The writes of one call are one statement and one round trip, each with a result of its own; due instants and tags are saved in the
 * same transaction as the record. Deadlocks are fought out inside. When the connection breaks or is silent during a save, its writes are
 * `unknown`. No session state is used, so that a pooler may lend a connection for each transaction (PgBouncer's transaction mode).
 *
 * @throws {HearthError} `invalid-option` for a bad option. Its calls reject with `store-unavailable` when there is no connection or the
 * tables are missing, and with `record-newer` when a newer version of this package has made them.
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  const capabilities = capabilitiesOf(options);
  const { sweepLeaseMs = 10_000 } = options;
  assertNumber('sweepLeaseMs', sweepLeaseMs, 0);
  const own = database(options);
  const { load, save } = records(own);
  const { due, query, keys } = pages(own, sweepLeaseMs);
  const saveAll = (writes: readonly RecordWrite[]) => saveFitting(capabilities, save, writes);
  const store: PostgresStore = {
    capabilities,
    load,
    save: saveAll,
    due: async (request) => due(request),
    query: async (request) => query(request),
    keys: async (request) => keys(request),
    // What is overwritten cannot be asked for any more; the space that it took is freed by VACUUM.
    erase: saveAll,
    close: () => own.close(),
  };
  databases.set(store, own);
  return store;
}

const databases = new WeakMap<object, Database>();

/** The database of a store. */
export function databaseOf(store: object): Database {
  const found = databases.get(store);
  if (found !== undefined) return found;
  throw new HearthError('invalid-option', 'This is no store of postgresStore().', {
    field: 'store',
  });
}

function capabilitiesOf({
  maxRecordBytes = memoryCapabilities.maxRecordBytes,
}: PostgresStoreOptions): StoreCapabilities {
  assertNumber('maxRecordBytes', maxRecordBytes, 1);
  return {
    maxRecordBytes,
    maxKeyBytes: memoryCapabilities.maxKeyBytes,
    durability: 'crash-safe',
    indexLagMs: 0,
    // A commit waits for the disk, and the next save of the record for the commit.
    writesPerRecordPerSecond: 200,
  };
}

function assertNumber(field: string, value: number, least: number): void {
  if (typeof value === 'number' && value >= least && Number.isFinite(value)) return;
  throw new HearthError('invalid-option', `${field} must be a number from ${least}.`, { field });
}

async function saveFitting(
  capabilities: StoreCapabilities,
  save: Records['save'],
  writes: readonly RecordWrite[],
): Promise<readonly SaveResult[]> {
  assertDistinctKeys(writes);
  const errors = writes.map((write) => misfit(write, capabilities));
  const results = [...(await save(writes.filter((_, index) => errors[index] === undefined)))];
  return errors.map((error) =>
    error === undefined ? (results.shift() as SaveResult) : { outcome: 'failed', error },
  );
}
