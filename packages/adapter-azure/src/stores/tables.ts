import { HearthError, type StateStore, type StoredRecord } from '@hearth/core';
import { assertDistinctKeys, type StoreCapabilities } from '@hearth/core/ports';
import { inParallel } from './parallel.ts';
import { failureOf } from './request-failure.ts';
import { tableClients, type TableConnection } from './table-client.ts';
import { bodyOf, foundVersion, recordAt } from './table-layout.ts';
import { duePage, tagPage } from './table-pages.ts';
import { saveRecord, type Table } from './table-save.ts';

export type {
  AzureCredential,
  FoundEntity,
  TableAction,
  TableClientLike,
  TableConnection,
  TableEntity,
  TableRequest,
} from './table-client.ts';

/** Where the records are, and how long to wait for them. */
export interface TableStoreOptions extends TableConnection {
  /** How long one request may take: 10,000 ms unless given. */
  readonly timeoutMs?: number;
}

const capabilities: StoreCapabilities = {
  // An entity has 1 MiB of UTF-16, so that ASCII counts twice; 88 KB are left for keys and tags.
  maxRecordBytes: 480_000,
  maxKeyBytes: 1_024,
  durability: 'crash-safe',
  indexLagMs: 0,
  // One request after the other, each of which waits for the one before.
  writesPerRecordPerSecond: 50,
};

// Sockets are not free, and neither are the entities that a partition takes in a second.
const atOnce = 32;

/**
 * Keeps records in a table of Azure Table Storage.
 *
 * A save is one request: an update on the ETag, or, where the record's due instant changes, an entity group transaction of record and
 * due instant. A tag that changes costs one request more for the new value, before, and one for the old, after. `due` looks into
 * 16 partitions, or into those of the shard (let `of` divide 16); `query` into one. Records and indexes are as new as the last
 * acknowledged save. A throttled write is sent again twice and is then `failed`; one without an answer is `unknown`.
 *
 * @throws {HearthError} `invalid-option` for a table or a connection that cannot be.
 */
export function tableStore(options: TableStoreOptions): StateStore {
  const { timeoutMs = 10_000 } = options;
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    const message = '"timeoutMs" of the table store must be a positive integer.';
    throw new HearthError('invalid-option', message, { field: 'timeoutMs' });
  }
  const clients = tableClients(options);
  const what = `The table "${options.table}"`;
  const signal = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) });
  const opened = async (): Promise<Table> => ({
    clients: await clients(),
    capabilities,
    what,
    signal,
  });
  const reading = async <T>(read: (table: Table) => Promise<T>): Promise<T> => {
    try {
      return await read(await opened());
    } catch (cause) {
      throw failureOf(cause, what).error;
    }
  };
  const saving =
    (purpose: 'save' | 'erase'): StateStore['save'] =>
    async (writes) => {
      assertDistinctKeys(writes);
      if (writes.length === 0) return [];
      const table = await opened();
      return inParallel(writes, atOnce, (write) => saveRecord(table, write, purpose));
    };
  return {
    capabilities,
    load: (keys) => reading((table) => loadAll(table, keys)),
    save: saving('save'),
    due: (request) => reading((table) => duePage(table, request)),
    query: (request) => reading((table) => tagPage(table, request)),
    erase: saving('erase'),
  };
}

async function loadAll(
  table: Table,
  keys: readonly string[],
): Promise<readonly (StoredRecord | undefined)[]> {
  const wanted = [...new Set(keys)];
  const found = await inParallel(wanted, atOnce, (key) => loadOne(table, key));
  const records = new Map(wanted.map((key, at) => [key, found[at]]));
  return keys.map((key) => records.get(key));
}

async function loadOne(table: Table, key: string): Promise<StoredRecord | undefined> {
  const { partitionKey, rowKey } = recordAt(key);
  try {
    const entity = await table.clients.reads.getEntity(partitionKey, rowKey, table.signal());
    // A lone surrogate in a key is stored as another sign, so it would find a record that is not its own.
    if (entity['key'] !== key) return undefined;
    return { key, version: foundVersion(entity), body: bodyOf(entity) };
  } catch (cause) {
    if (failureOf(cause, table.what).kind === 'conflict') return undefined;
    throw cause;
  }
}
