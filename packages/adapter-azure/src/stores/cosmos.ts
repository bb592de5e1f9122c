import { randomBytes } from 'node:crypto';
import {
  HearthError,
  isHearthError,
  type RecordWrite,
  type SaveResult,
  type StateStore,
  type StoredRecord,
} from '@hearth/core';
import { assertDistinctKeys, keyHash, misfit, type StoreCapabilities } from '@hearth/core/ports';
import { again } from './again.ts';
import {
  cosmosContainerOf,
  type CosmosConnection,
  type CosmosContainerLike,
  type CosmosItem,
} from './cosmos-client.ts';
import { dueKey, duePage, tagKey, tagPage } from './cosmos-pages.ts';
import { keyName } from './key-name.ts';
import { inParallel } from './parallel.ts';
import { failureOf, type RequestFailure } from './request-failure.ts';

export type {
  CosmosAnswer,
  CosmosClientLike,
  CosmosConnection,
  CosmosContainerLike,
  CosmosFound,
  CosmosItem,
  CosmosRequest,
} from './cosmos-client.ts';
export type { AzureCredential } from './table-client.ts';

/** Where the records are, and how long to wait for them. */
export interface CosmosStoreOptions extends CosmosConnection {
  /** How long one request may take: 10,000 ms unless given. */
  readonly timeoutMs?: number;
}

/** A container as Cosmos DB's own definition has it. */
export interface CosmosContainerDefinition {
  id: string;
  partitionKey: { paths: string[]; version: 2 };
  indexingPolicy: {
    indexingMode: 'consistent';
    includedPaths: { path: string }[];
    excludedPaths: { path: string }[];
  };
}

/** How the container of the records is to be made: for `containers.create`, or to be copied into a template. */
export function cosmosContainer(id: string): CosmosContainerDefinition {
  return {
    id,
    partitionKey: { paths: ['/id'], version: 2 },
    // Bodies are never searched, and indexing them would be most of the price of a write.
    indexingPolicy: {
      indexingMode: 'consistent',
      includedPaths: [{ path: '/due/?' }, { path: '/tags/[]/?' }],
      excludedPaths: [{ path: '/*' }],
    },
  };
}

const capabilities: StoreCapabilities = {
  // An item has 2 MB of JSON, in which each quotation mark of the body is written as two signs.
  maxRecordBytes: 900_000,
  maxKeyBytes: 1_024,
  durability: 'crash-safe',
  indexLagMs: 0,
  writesPerRecordPerSecond: 50,
};

const atOnce = 32;
// What Cosmos DB answers when it has not begun: a rate that is too high, and a write beside another one.
const busy = [429, 449];

interface Container {
  readonly container: CosmosContainerLike;
  readonly what: string;
  signal(): { readonly abortSignal: AbortSignal };
}

/**
 * Keeps records in a container of Azure Cosmos DB, each in a logical partition of its own.
 *
 * A save is one request on the ETag; due instants and tags are fields of the same item. `due` and `query` ask all physical partitions.
 * Where the consistency of the account is `Strong` or `BoundedStaleness` (with the worker in the region that writes), records and indexes are as new
 * as the last acknowledged save; see `staleReads` for the others. Only one region may write. A throttled write is sent again
 * and is then `failed`; one without an answer is `unknown`.
 *
 * @throws {HearthError} `invalid-option` for a container or a connection that cannot be; calls reject with it when the container has another
 * partition key than `/id` or the account a weaker consistency.
 */
export function cosmosStore(options: CosmosStoreOptions): StateStore {
  const { timeoutMs = 10_000 } = options;
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    const message = '"timeoutMs" of the Cosmos DB store must be a positive integer.';
    throw new HearthError('invalid-option', message, { field: 'timeoutMs' });
  }
  const container = cosmosContainerOf(options);
  const what = `The container "${options.container}"`;
  const signal = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) });
  const using = async <T>(use: (opened: Container) => Promise<T>): Promise<T> => {
    try {
      return await use({ container: await container(), what, signal });
    } catch (cause) {
      if (isHearthError(cause)) throw cause;
      throw failureOf(cause, what, busy).error;
    }
  };
  const save: StateStore['save'] = async (writes) => {
    assertDistinctKeys(writes);
    if (writes.length === 0) return [];
    return using((opened) => inParallel(writes, atOnce, (write) => saveRecord(opened, write)));
  };
  return {
    capabilities,
    load: (keys) => using((opened) => loadAll(opened, keys)),
    save,
    due: (request) => using((opened) => duePage(opened.container, request, signal())),
    query: (request) => using((opened) => tagPage(opened.container, request, signal())),
    // An item that is replaced is gone.
    erase: save,
  };
}

async function loadAll(
  opened: Container,
  keys: readonly string[],
): Promise<readonly (StoredRecord | undefined)[]> {
  const wanted = [...new Set(keys)];
  const found = await inParallel(wanted, atOnce, (key) => loadOne(opened, key));
  const records = new Map(wanted.map((key, at) => [key, found[at]]));
  return keys.map((key) => records.get(key));
}

async function loadOne(opened: Container, key: string): Promise<StoredRecord | undefined> {
  const id = idOf(key);
  const { etag = '', resource } = await opened.container.item(id, id).read(opened.signal());
  // A lone surrogate in a key is stored as another sign, so it would find a record that is not its own.
  if (resource?.body === undefined || resource.key !== key) return undefined;
  return { key, version: etag, body: resource.body };
}

const conflict: SaveResult = { outcome: 'conflict' };

async function saveRecord(opened: Container, write: RecordWrite): Promise<SaveResult> {
  const error = misfit(write, capabilities);
  if (error !== undefined) return { outcome: 'failed', error };
  const { expected } = write;
  // Both would mean "whatever is there".
  if (expected === '' || expected === '*') return conflict;
  const item = itemOf(write, randomBytes(9).toString('base64url'));
  const send = () => {
    if (expected === null) return opened.container.items.create(item, opened.signal());
    const accessCondition = { type: 'IfMatch', condition: expected };
    const replaced = { accessCondition, ...opened.signal() };
    return opened.container.item(item.id, item.id).replace(item, replaced);
  };
  const isBusy = (cause: unknown) => Object(cause).code === 449;
  try {
    const { etag = '' } = await again(send, isBusy);
    return { outcome: 'saved', version: etag };
  } catch (cause) {
    return resultOf(opened, item, failureOf(cause, opened.what, busy));
  }
}

/** A conflict may be with ourselves: a client that repeats a write whose answer was lost is told that the item has changed. */
async function resultOf(
  opened: Container,
  { id, token }: CosmosItem,
  { kind, error }: RequestFailure,
): Promise<SaveResult> {
  if (kind === 'lost') return { outcome: 'unknown', error };
  if (kind !== 'conflict') return { outcome: 'failed', error };
  try {
    const { etag = '', resource } = await opened.container.item(id, id).read(opened.signal());
    return resource?.token === token ? { outcome: 'saved', version: etag } : conflict;
  } catch (cause) {
    return { outcome: 'unknown', error: failureOf(cause, opened.what, busy).error };
  }
}

// An id has at most 1,023 bytes.
function idOf(key: string): string {
  return keyName(key, 1_000);
}

function itemOf({ key, body, due, tags }: RecordWrite, token: string): CosmosItem {
  const id = idOf(key);
  const handler = key.slice(0, Math.max(0, key.indexOf('/')));
  const tagKeys = Object.entries(tags).map(([tag, value]) => tagKey(handler, tag, value));
  return {
    id,
    key,
    body,
    token,
    hash: keyHash(key),
    ...(due === null ? {} : { due: dueKey(due, id) }),
    ...(tagKeys.length === 0 ? {} : { tags: tagKeys }),
  };
}
