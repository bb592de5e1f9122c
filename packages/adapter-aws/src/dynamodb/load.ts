import { setTimeout as sleep } from 'node:timers/promises';
import { HearthError } from '@hearth/core/event';
import type { StoredRecord } from '@hearth/core/ports';
import { failureOf } from './failure.ts';
import type { Connection, Item } from './items.ts';

/** The sort key of a record, beside those of its tags. */
export const recordKey = 'record';

// What one BatchGetItem takes.
const batchSize = 100;
// What DynamoDB leaves unprocessed is asked for again after 25 ms, 50 ms, 100 ms, 200 ms.
const limits = { rounds: 5, firstWaitMs: 25 };

const projection = {
  ProjectionExpression: 'pk, v, body',
  ConsistentRead: true,
} as const;

/**
 * Loads records with consistent reads: one by GetItem, more by BatchGetItem, asking again for what a batch leaves unprocessed.
 *
 * @throws {HearthError} `store-unavailable`.
 */
export async function load(
  connection: Connection,
  keys: readonly string[],
): Promise<readonly (StoredRecord | undefined)[]> {
  const [first] = keys;
  if (first === undefined) return [];
  if (keys.length === 1) return [await loadOne(connection, first)];
  const distinct = [...new Set(keys)];
  const batches: string[][] = [];
  for (let at = 0; at < distinct.length; at += batchSize) {
    batches.push(distinct.slice(at, at + batchSize));
  }
  const items = (await Promise.all(batches.map((batch) => loadBatch(connection, batch)))).flat();
  const found = new Map(items.map((item) => [item['pk']?.S, toRecord(item)]));
  return keys.map((key) => found.get(key));
}

/** Loads one record with a consistent read. */
export async function loadOne(
  { table, limited, open }: Connection,
  key: string,
): Promise<StoredRecord | undefined> {
  const { sdk, client } = await open();
  const command = new sdk.GetItemCommand({ TableName: table, Key: keyOf(key), ...projection });
  try {
    const { Item: item } = await limited(() => client.send(command));
    return item && toRecord(item);
  } catch (error) {
    throw failureOf(error, table);
  }
}

async function loadBatch(connection: Connection, keys: readonly string[]): Promise<Item[]> {
  const { table, limited, open } = connection;
  const { sdk, client } = await open();
  const found: Item[] = [];
  let left: Item[] = keys.map(keyOf);
  for (let round = 0; round < limits.rounds; round += 1) {
    const wait = limits.firstWaitMs * 2 ** (round - 1);
    // With jitter, or all who were turned away come back together.
    if (round > 0) await sleep(wait * (0.5 + Math.random()));
    const command = new sdk.BatchGetItemCommand({
      RequestItems: { [table]: { Keys: left, ...projection } },
    });
    try {
      const { Responses, UnprocessedKeys } = await limited(() => client.send(command));
      found.push(...(Responses?.[table] ?? []));
      left = UnprocessedKeys?.[table]?.Keys ?? [];
    } catch (error) {
      throw failureOf(error, table);
    }
    if (left.length === 0) return found;
  }
  const message = `The table "${table}" is throttled: ${left.length} of ${keys.length} records were not read in ${limits.rounds} tries.`;
  throw new HearthError('store-unavailable', message, { retryable: true });
}

function keyOf(key: string): Item {
  return { pk: { S: key }, sk: { S: recordKey } };
}

function toRecord({ pk, v, body }: Item): StoredRecord {
  return { key: pk?.S ?? '', version: v?.S ?? '', body: body?.S ?? '' };
}
