import { HearthError } from '@hearth/core/event';
import type { RecordWrite, StateStore, StoreCapabilities } from '@hearth/core/ports';
import { connector, type Connection, type FirestoreQuery, type FirestoreWhere } from './client.ts';
import { recordOf } from './document.ts';
import { documentId } from './document-id.ts';
import { unavailable, within } from './failure.ts';
import { duePage, tagPage } from './pages.ts';
import { saveAll } from './save.ts';

/** Where records are kept. */
export interface FirestoreStoreOptions extends FirestoreWhere {
  /** The collection: `hearth` unless given. It may lie below a document: `tenants/acme/hearth`. */
  readonly collection?: string;
  /** How long a call to Firestore may take (ms): 10,000 unless given. The SDK would try for ten minutes. */
  readonly timeoutMs?: number;
}

/** A store that may hold connections. */
export interface FirestoreStore extends StateStore {
  /** Closes the connections, unless the client was given. The store cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Firestore's: a document has 1 MiB, of which a record's key, tags and index entry take their part; one document takes about one write a
 * second in the long run.
 */
const capabilities: StoreCapabilities = {
  maxRecordBytes: 1_000_000,
  maxKeyBytes: 1_024,
  durability: 'crash-safe',
  indexLagMs: 0,
  writesPerRecordPerSecond: 1,
};

/**
 * Keeps records in a collection of Firestore (Native mode), one document each.
 *
 * A save is one write with a precondition: that the document does not exist, or was last updated when it was loaded. The indexes are
 * those that Firestore makes of itself and are as new as the documents; the one on `body` should be switched off (see the README). A
 * write whose answer was lost is cleared up by reading the document. Nothing of the SDK is loaded before the first call.
 *
 * @throws {HearthError} `invalid-option` for options that cannot be used, and by the first call without the SDK.
 */
export function firestoreStore(options: FirestoreStoreOptions = {}): FirestoreStore {
  const { collection = 'hearth', timeoutMs = 10_000 } = options;
  assertOptions(collection, timeoutMs);
  const connect = connector(options);
  let isOpened = false;
  let isClosed = false;
  const opened = async (): Promise<Connection> => {
    if (isClosed) throw new HearthError('store-unavailable', 'The store has been closed.');
    isOpened = true;
    try {
      return await connect();
    } catch (cause) {
      throw unavailable('be opened', cause);
    }
  };
  const ask = async <T>(
    what: string,
    work: (records: FirestoreQuery) => Promise<T>,
  ): Promise<T> => {
    const { client } = await opened();
    return guarded(timeoutMs, what, async () => work(client.collection(collection)));
  };
  const save = async (writes: readonly RecordWrite[]) =>
    saveAll({ connection: await opened(), collection, capabilities, timeoutMs }, writes);
  return {
    capabilities,
    async load(keys) {
      if (keys.length === 0) return [];
      const { client } = await opened();
      const unique = [...new Set(keys)];
      const found = await guarded(timeoutMs, 'load records', async () => {
        const records = client.collection(collection);
        return client.getAll(...unique.map((key) => records.doc(documentId(key))));
      });
      const all = new Map(unique.map((key, at) => [key, found[at] && recordOf(key, found[at])]));
      return keys.map((key) => all.get(key));
    },
    save,
    // A document keeps nothing of what it held before.
    erase: save,
    due: (request) => ask('read the due index', (records) => duePage(records, request)),
    async close() {
      isClosed = true;
      if (options.client === undefined && isOpened) await (await connect()).client.terminate();
    },
    query: (request) => ask('query records', (records) => tagPage(records, request)),
  };
}

/** Asks the SDK, which throws at once where its client has been terminated. */
async function guarded<T>(timeoutMs: number, what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await within(timeoutMs, what, ask());
  } catch (cause) {
    throw unavailable(what, cause);
  }
}

function assertOptions(collection: string, timeoutMs: number): void {
  const parts = collection.split('/');
  if (parts.length % 2 === 0 || parts.includes('')) {
    const message = `"collection" must be the path of a collection, such as "hearth" or "tenants/acme/hearth".`;
    throw new HearthError('invalid-option', message, { field: 'collection' });
  }
  if (Number.isSafeInteger(timeoutMs) && timeoutMs > 0) return;
  const message = '"timeoutMs" must be a positive integer.';
  throw new HearthError('invalid-option', message, { field: 'timeoutMs' });
}
