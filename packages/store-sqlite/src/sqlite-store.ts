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
import { connect, remember, type Connection } from './connection.ts';
import type { SqliteOptions } from './database.ts';
import { pages, type KeyRequest } from './pages.ts';
import { records } from './records.ts';
import { scrub } from './scrub.ts';
import type { Outcome } from './transaction.ts';

/** How a store is opened. */
export interface SqliteStoreOptions extends SqliteOptions {
  /** The largest record in bytes: 400,000 unless told otherwise, which every supported store can hold. */
  readonly maxRecordBytes?: number;
}

/** A `StateStore` in one SQLite file. */
export interface SqliteStore extends StateStore {
  /** The keys that begin with `prefix`, in key order: for tools that look into a store. */
  keys(request: KeyRequest): Promise<KeyPage>;
  /** Ends the saves that were begun and closes the file. */
  close(): Promise<void>;
}

/**
 * Opens a store in one file, for a gateway, a small server or a laptop. Several processes may share the file.
 *
 * Saves that arrive in one turn of the event loop share one commit, and each has an answer of its own. Due instants and tags are
 * saved in the same transaction as the record. `erase` rewrites the whole file, because SQLite alone leaves copies
 * behind when it moves records between pages; while another process reads, it answers `unknown` and is to be repeated.
 *
 * @throws {HearthError} `store-unavailable` when this Node.js is older than 22.13 or the file cannot be opened; `record-newer` when a
 * newer version of this package has written it.
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteStore {
  const connection = connect(options);
  const capabilities = capabilitiesOf(options);
  const { load, save } = records(connection.database);
  const { due, query, keys } = pages(connection.database);
  const saveAll = (writes: readonly RecordWrite[]) =>
    saveGrouped(connection, capabilities, save, writes);
  const store: SqliteStore = {
    capabilities,
    load: async (wanted) => connection.read(() => load(wanted)),
    save: saveAll,
    due: async (request) => connection.read(() => due(request)),
    query: async (request) => connection.read(() => query(request)),
    keys: async (request) => connection.read(() => keys(request)),
    async erase(writes) {
      const results = await saveAll(writes);
      if (!results.some(({ outcome }) => outcome === 'saved')) return results;
      const error = await scrub(connection);
      if (error === undefined) return results;
      return results.map((result) =>
        result.outcome === 'saved' ? { outcome: 'unknown', error } : result,
      );
    },
    close: () => connection.close(),
  };
  remember(store, connection);
  return store;
}

function capabilitiesOf(options: SqliteStoreOptions): StoreCapabilities {
  const { synchronous = 'full', maxRecordBytes = memoryCapabilities.maxRecordBytes } = options;
  return {
    maxRecordBytes,
    maxKeyBytes: memoryCapabilities.maxKeyBytes,
    durability: synchronous === 'full' ? 'crash-safe' : 'best-effort',
    indexLagMs: 0,
    // A conservative bound for flash cards, whose commits take milliseconds.
    writesPerRecordPerSecond: 200,
  };
}

async function saveGrouped(
  connection: Connection,
  capabilities: StoreCapabilities,
  save: (write: RecordWrite) => SaveResult,
  writes: readonly RecordWrite[],
): Promise<readonly SaveResult[]> {
  assertDistinctKeys(writes);
  if (writes.length === 0) return [];
  const saveFitting = (write: RecordWrite): SaveResult => {
    const error = misfit(write, capabilities);
    return error === undefined ? save(write) : { outcome: 'failed', error };
  };
  const outcome = await connection.transactions.run(() => writes.map(saveFitting));
  return answers(outcome, writes);
}

function answers(
  outcome: Outcome<readonly SaveResult[]>,
  writes: readonly RecordWrite[],
): readonly SaveResult[] {
  if (outcome.done) return outcome.value;
  const { kind, error } = outcome.failure;
  if (kind === 'lost') return writes.map(() => ({ outcome: 'unknown', error }));
  if (kind === 'full') return writes.map(() => ({ outcome: 'failed', error }));
  throw error;
}
