import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HearthError } from '@hearth/core/event';
import {
  assertDistinctKeys,
  type KeyPage,
  type RecordWrite,
  type SaveResult,
  type StateStore,
  type TagRequest,
} from '@hearth/core/ports';
import { atMost } from '../at-most.ts';
import { clientDefaults, lazily } from '../lazily.ts';
import { due } from './dues.ts';
import { indexes } from './dynamo-table.ts';
import { ask, type Connection } from './items.ts';
import { load } from './load.ts';
import { eraseOne, saveOne, type Saving } from './save.ts';
import { tagName } from './version.ts';

/** Where records are kept, and how the table is reached. */
export interface DynamoStoreOptions {
  /** The name of a table as `dynamoTable` describes it. */
  readonly table: string;
  /** A client of your own; otherwise one is made on first use, with the region and the credentials of the environment. */
  readonly client?: DynamoDBClient;
  /** How long one attempt of our own client may take, in ms: 5,000 unless given. */
  readonly timeoutMs?: number;
  /**
   * Into how many parts the due index is split: 12 unless given, fixed for the life of the table. Each part takes about 250 emitting
   * saves a second. Sweep with `shard.of` equal to it or a divisor of it.
   */
  readonly dueShards?: number;
  /** Requests at once: 40 unless given, below the 50 sockets of the SDK. */
  readonly concurrency?: number;
}

/**
 * A `StateStore` in one DynamoDB table, which `dynamoTable` describes.
 *
 * A record is one item and a save one conditional write of it; loads are consistent. A save that changes a record's tags writes and
 * removes one small item for each tag that is new or gone. `due` and `query` read indexes, which lag behind by some ms, rarely by
 * a second. A write whose answer was lost is recognised when the SDK tries it again; where nobody can know, it is `unknown`.
 *
 * Records have 400,000 bytes at most, keys 1,024, and 100 tags. Erasing removes all that this table keeps of a record; streams and
 * backups keep it until they expire.
 *
 * It needs `dynamodb:GetItem`, `BatchGetItem`, `PutItem` and `DeleteItem` on the table, and `Query` on the table and its indexes.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function dynamoStore(options: DynamoStoreOptions): StateStore {
  const saving = savingOf(options);
  const all = async (
    writes: readonly RecordWrite[],
    one: (saving: Saving, write: RecordWrite) => Promise<SaveResult>,
  ) => {
    assertDistinctKeys(writes);
    if (writes.length > 0) await saving.open();
    return Promise.all(writes.map((write) => one(saving, write)));
  };
  return {
    capabilities: saving.capabilities,
    load: (keys) => load(saving, keys),
    save: (writes) => all(writes, saveOne),
    erase: (writes) => all(writes, eraseOne),
    due: async (request) => due(saving, saving.dueShards, checked(request)),
    query: async (request) => query(saving, checked(request)),
  };
}

function savingOf(options: DynamoStoreOptions): Saving {
  const { table, client, timeoutMs, dueShards = 12, concurrency = 40 } = options;
  if (typeof table !== 'string' || table === '') throw invalid('table', 'is missing');
  assertPositive('dueShards', dueShards);
  assertPositive('concurrency', concurrency);
  const open = lazily('@aws-sdk/client-dynamodb', 'store-unavailable', async () => {
    const sdk = await import('@aws-sdk/client-dynamodb');
    return { sdk, client: client ?? new sdk.DynamoDBClient(clientDefaults(timeoutMs)) };
  });
  return {
    table,
    dueShards,
    open,
    limited: atMost(concurrency),
    capabilities: {
      maxRecordBytes: 400_000,
      maxKeyBytes: 1_024,
      durability: 'crash-safe',
      indexLagMs: 1_000,
      // One item takes 1,000 small writes a second; one writer, which waits for each answer, makes about a tenth.
      writesPerRecordPerSecond: 100,
    },
  };
}

async function query(
  connection: Connection,
  { handler, tag, value, limit, cursor }: TagRequest,
): Promise<KeyPage> {
  const values = { ':tag': { S: tagName(handler, tag, value) } };
  const where =
    cursor === undefined || cursor === ''
      ? { text: '#tag = :tag', names: { '#tag': 'tag' }, values }
      : {
          text: '#tag = :tag AND pk > :after',
          names: { '#tag': 'tag' },
          values: { ...values, ':after': { S: cursor } },
        };
  const { items, next } = await ask(connection, { index: indexes.tag, where, limit });
  const keys = items.flatMap(({ pk }) => pk?.S ?? []);
  const last = keys.at(-1);
  return next === undefined || last === undefined ? { keys } : { keys, cursor: last };
}

function checked<T extends { readonly limit: number }>(request: T): T {
  if (request.limit >= 1) return request;
  const message = `A page of ${request.limit} keys was asked for; at least 1 is needed.`;
  throw new HearthError('invalid-option', message, { field: 'limit' });
}

function assertPositive(field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw invalid(field, 'must be a positive integer');
}

function invalid(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" of the DynamoDB store ${fix}.`, { field });
}
