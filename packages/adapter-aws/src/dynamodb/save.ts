import { HearthError, isHearthError } from '@hearth/core/event';
import {
  keyHash,
  misfit,
  type RecordWrite,
  type SaveResult,
  type StoreCapabilities,
} from '@hearth/core/ports';
import { nameOf } from '../attempt.ts';
import { failureOf } from './failure.ts';
import { put, type Connection, type Expression, type Item } from './items.ts';
import { loadOne, recordKey } from './load.ts';
import { addTags, removeOtherTags, removeTags, takeBackTags } from './tags.ts';
import { newVersion, readVersion, tagsOf, type Tag, type Version } from './version.ts';

/** What a save needs besides the connection. */
export interface Saving extends Connection {
  readonly capabilities: StoreCapabilities;
  readonly dueShards: number;
}

const conflict: SaveResult = { outcome: 'conflict' };

/** Saves one record: its new tags first, then the record, then what is left of its old tags. Never throws. */
export async function saveOne(saving: Saving, write: RecordWrite): Promise<SaveResult> {
  const expected = readVersion(write.expected);
  if (expected === undefined) return conflict;
  const tags = tagsOf(write);
  const error = misfit(write, saving.capabilities) ?? tooManyTags(write);
  if (error !== undefined) return { outcome: 'failed', error };
  try {
    return await swap(saving, write, expected, tags);
  } catch (cause) {
    return { outcome: 'failed', error: asHearth(cause, saving.table) };
  }
}

/** Saves a tombstone, then removes every tag that anybody has left behind; `unknown` while one of them is still there. */
export async function eraseOne(saving: Saving, write: RecordWrite): Promise<SaveResult> {
  const result = await saveOne(saving, write);
  if (result.outcome !== 'saved') return result;
  try {
    const count = readVersion(result.version)?.count ?? 0;
    await removeOtherTags(saving, write.key, tagsOf(write), count);
    return result;
  } catch (cause) {
    return { outcome: 'unknown', error: asHearth(cause, saving.table) };
  }
}

// 409,600 bytes for an item, of which the body may have 400,000 and the key 1,024; the version, which names the tags, is in the rest.
const mostTags = 100;

function tooManyTags({ key, tags }: RecordWrite): HearthError | undefined {
  const count = Object.keys(tags).length;
  if (count <= mostTags) return undefined;
  const message = `The record "${key}" has ${count} tags; the store takes ${mostTags}.`;
  return new HearthError('limit-exceeded', message, { field: 'tags' });
}

async function swap(
  saving: Saving,
  write: RecordWrite,
  expected: Version,
  tags: readonly Tag[],
): Promise<SaveResult> {
  const { key } = write;
  const count = expected.count + 1;
  const added = tags.filter(({ hash }) => !expected.tags.has(hash));
  if (added.length > 0) await addTags(saving, key, added, count);
  const result = await putRecord(saving, write, newVersion(count, tags));
  if (result.outcome === 'conflict') await takeBackTags(saving, key, added);
  if (result.outcome !== 'saved' || expected.tags.size === 0) return result;
  const kept = new Set(tags.map(({ hash }) => hash));
  const dropped = [...expected.tags].filter((hash) => !kept.has(hash));
  if (dropped.length > 0) await removeTags(saving, key, dropped, count);
  return result;
}

async function putRecord(saving: Saving, write: RecordWrite, version: string): Promise<SaveResult> {
  const { key, expected } = write;
  const done = await put(saving, itemOf(write, version, saving.dueShards), conditionOf(expected));
  if ('output' in done) return { outcome: 'saved', version };
  const { error, isDoubtful } = done;
  if (nameOf(error) === 'ConditionalCheckFailedException') {
    if (!isDoubtful) return conflict;
    // It may be our own write, by an attempt whose answer was lost, that makes the condition fail.
    const record = await loadOne(saving, key).catch(() => undefined);
    if (record?.version === version) return { outcome: 'saved', version };
    return { outcome: 'unknown', error: lost(saving.table, error) };
  }
  const failure = failureOf(error, saving.table);
  return isDoubtful
    ? { outcome: 'unknown', error: failure }
    : { outcome: 'failed', error: failure };
}

function lost(table: string, cause: unknown): HearthError {
  const message = `The answer of the table "${table}" to a write was lost, and the record has changed since.`;
  return new HearthError('store-unavailable', message, { retryable: true, cause });
}

function conditionOf(expected: string | null): Expression {
  return expected === null
    ? { text: 'attribute_not_exists(pk)' }
    : { text: 'v = :v', values: { ':v': { S: expected } } };
}

function itemOf({ key, body, due }: RecordWrite, version: string, dueShards: number): Item {
  const item: Item = {
    pk: { S: key },
    sk: { S: recordKey },
    v: { S: version },
    body: { S: body },
  };
  if (due !== null) {
    item['due'] = { N: String(due) };
    item['shard'] = { N: String(keyHash(key) % dueShards) };
  }
  return item;
}

function asHearth(cause: unknown, table: string): HearthError {
  return isHearthError(cause) ? cause : failureOf(cause, table);
}
