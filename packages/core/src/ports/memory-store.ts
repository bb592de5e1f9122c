import { HearthError } from '../event/error.ts';
import { assertDistinctKeys, misfit } from './fit.ts';
import { dueIndex, noTags, sameTags, tagIndex, type Cell } from './memory-index.ts';
import type {
  DueRequest,
  KeyPage,
  RecordWrite,
  SaveResult,
  StateStore,
  StoreCapabilities,
  StoredRecord,
  TagRequest,
} from './state-store.ts';

/** The operations of a `StateStore` without waiting, for simulations. They throw where the others reject. */
export interface StoreNow {
  load(keys: readonly string[]): readonly (StoredRecord | undefined)[];
  save(writes: readonly RecordWrite[]): readonly SaveResult[];
  erase(writes: readonly RecordWrite[]): readonly SaveResult[];
  due(request: DueRequest): KeyPage;
  query(request: TagRequest): KeyPage;
  /** The earliest `due` of all records (ms), or `null` if none is due ever. */
  nextDue(): number | null;
}

/** A record of a memory store with what it is indexed by. */
export interface MemoryEntry {
  readonly record: StoredRecord;
  readonly due: number | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** All that a memory store holds at one moment, in no particular order. Later saves do not change it. */
export interface MemorySnapshot {
  readonly entries: readonly MemoryEntry[];
  /** How many versions had been given out. */
  readonly versions: number;
}

/** A `StateStore` in memory that can be looked into, copied and turned back. */
export interface MemoryStore extends StateStore {
  readonly now: StoreNow;
  /** Every record by its key, in key order. */
  entries(): ReadonlyMap<string, StoredRecord>;
  /** What the store holds now, for `restore`. */
  snapshot(): MemorySnapshot;
  /** Makes the store hold exactly what it held then. Versions given out in between are not given out again. */
  restore(snapshot: MemorySnapshot): void;
  /** A store of its own that begins with the same records. */
  clone(): MemoryStore;
}

/**
 * What a memory store states unless told otherwise: the sizes that every supported store can hold, so that an app which fits here
 * fits everywhere.
 */
export const memoryCapabilities: StoreCapabilities = {
  maxRecordBytes: 400_000,
  maxKeyBytes: 1_024,
  durability: 'none',
  indexLagMs: 0,
  writesPerRecordPerSecond: 1_000_000,
};

/** Keeps records in memory, as strictly as a database would: sizes in UTF-8 bytes, opaque versions, conflicts and cursors. */
export function memoryStore(options: Partial<StoreCapabilities> = {}): MemoryStore {
  const capabilities = { ...memoryCapabilities, ...options };
  const table = emptyTable();
  const now = operations(table, capabilities);
  return {
    capabilities,
    now,
    load: async (keys) => now.load(keys),
    save: async (writes) => now.save(writes),
    erase: async (writes) => now.erase(writes),
    due: async (request) => now.due(request),
    query: async (request) => now.query(request),
    entries: () => entries(table),
    snapshot: () => snapshot(table),
    restore: (before) => restore(table, before),
    clone() {
      const copy = memoryStore(capabilities);
      copy.restore(snapshot(table));
      return copy;
    },
  };
}

interface Table {
  cells: Map<string, Cell>;
  dues: ReturnType<typeof dueIndex>;
  tags: ReturnType<typeof tagIndex>;
  versions: number;
}

function emptyTable(): Table {
  return { cells: new Map(), dues: dueIndex(), tags: tagIndex(), versions: 0 };
}

function operations(table: Table, capabilities: StoreCapabilities): StoreNow {
  const save = (writes: readonly RecordWrite[]) => {
    assertDistinctKeys(writes);
    return writes.map((write) => saveOne(table, write, capabilities));
  };
  return {
    load: (keys) => keys.map((key) => table.cells.get(key)?.record),
    save,
    // A record that is overwritten is gone: nothing else keeps it.
    erase: save,
    due: (request) => table.dues.page(checked(request)),
    query: (request) => table.tags.page(checked(request)),
    nextDue: () => table.dues.next(),
  };
}

const conflict: SaveResult = { outcome: 'conflict' };

function saveOne(table: Table, write: RecordWrite, capabilities: StoreCapabilities): SaveResult {
  const error = misfit(write, capabilities);
  if (error !== undefined) return { outcome: 'failed', error };
  const cell = table.cells.get(write.key);
  if ((cell === undefined ? null : cell.record.version) !== write.expected) return conflict;
  table.versions += 1;
  // Not a bare number: nobody shall be tempted to count with it.
  const version = `m${table.versions}`;
  put(table, cell, { key: write.key, version, body: write.body }, write);
  return { outcome: 'saved', version };
}

function put(
  table: Table,
  old: Cell | undefined,
  record: StoredRecord,
  { due, tags }: Pick<RecordWrite, 'due' | 'tags'>,
): void {
  const cell = old ?? emptyCell(record);
  if (old === undefined) table.cells.set(record.key, cell);
  cell.record = record;
  if (cell.due !== due) {
    cell.due = due;
    table.dues.changed(cell);
  }
  if (!sameTags(cell.tags, tags)) {
    cell.tags = tags;
    table.tags.changed(cell);
  }
}

function entries(table: Table): ReadonlyMap<string, StoredRecord> {
  const records = Array.from(table.cells.values(), ({ record }) => record);
  records.sort((a, b) => (a.key < b.key ? -1 : 1));
  return new Map(records.map((record) => [record.key, record]));
}

function snapshot({ cells, versions }: Table): MemorySnapshot {
  const kept = Array.from(cells.values(), ({ record, due, tags }) => ({ record, due, tags }));
  return { entries: kept, versions };
}

function restore(table: Table, before: MemorySnapshot): void {
  const versions = Math.max(table.versions, before.versions);
  Object.assign(table, emptyTable(), { versions });
  for (const entry of before.entries) put(table, undefined, entry.record, entry);
}

function emptyCell(record: StoredRecord): Cell {
  return {
    record,
    due: null,
    tags: noTags,
    indexedDue: null,
    indexedTags: noTags,
    dueIsStale: false,
    tagsAreStale: false,
  };
}

function checked<T extends { readonly limit: number }>(request: T): T {
  if (request.limit >= 1) return request;
  const message = `A page of ${request.limit} keys was asked for; at least 1 is needed.`;
  throw new HearthError('invalid-option', message, { field: 'limit' });
}
