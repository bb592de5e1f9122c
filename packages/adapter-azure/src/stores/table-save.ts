import { randomBytes } from 'node:crypto';
import { type HearthError, type RecordWrite, type SaveResult } from '@hearth/core';
import { misfit, type StoreCapabilities } from '@hearth/core/ports';
import { again } from './again.ts';
import { failureOf, type RequestFailure } from './request-failure.ts';
import type { TableAction, TableClients } from './table-client.ts';
import {
  dueRow,
  foundVersion,
  indexedBy,
  notIndexed,
  readVersion,
  recordAt,
  recordEntity,
  tagRow,
  tooManyTags,
  versionOf,
  type Hint,
  type Indexed,
} from './table-layout.ts';

/** A table with what bounds its requests. */
export interface Table {
  readonly clients: TableClients;
  readonly capabilities: StoreCapabilities;
  readonly what: string;
  /** The signal of one request, which ends it when it takes too long. */
  signal(): { readonly abortSignal: AbortSignal };
}

const conflict: SaveResult = { outcome: 'conflict' };

/**
 * Saves one record: first the entities by which `query` will find it, then the record together with its due instant, last it takes away
 * what the record is no longer found by. Whoever stops in between leaves entities that are stale, and none is ever missing.
 *
 * Each writer has hints of its own. If two shared one, a writer that lost could not take its hint away without taking it from the
 * one that won.
 */
export async function saveRecord(
  table: Table,
  write: RecordWrite,
  purpose: 'save' | 'erase',
): Promise<SaveResult> {
  const error = misfit(write, table.capabilities);
  if (error !== undefined) return { outcome: 'failed', error };
  const old =
    write.expected === null ? { etag: null, indexed: notIndexed } : readVersion(write.expected);
  if (old === undefined) return conflict;
  const token = randomBytes(9).toString('base64url');
  const indexed = indexedBy(write, old.indexed, token);
  const fresh = indexed.hints.filter(([, owner]) => owner === token);
  const tooMany = tooManyTags(write, indexed);
  if (tooMany !== undefined) return { outcome: 'failed', error: tooMany };
  try {
    await Promise.all(fresh.map((hint) => putHint(table, hint, write.key)));
    const result = await writeRecord(
      table,
      { write, token, indexed, before: old.indexed },
      old.etag,
    );
    if (result.outcome === 'unknown') return result;
    const stale = result.outcome === 'saved' ? [...indexed.gone, ...old.indexed.gone] : fresh;
    const left = await removeHints(table, stale, write.key);
    // What is left of a save is only stale; what is left of an erasure could still be read.
    return purpose === 'save' || left === undefined ? result : { outcome: 'unknown', error: left };
  } catch (cause) {
    await removeHints(table, fresh, write.key);
    return { outcome: 'failed', error: failureOf(cause, table.what).error };
  }
}

interface Planned {
  readonly write: RecordWrite;
  readonly token: string;
  readonly indexed: Indexed;
  readonly before: Indexed;
}

async function writeRecord(
  table: Table,
  planned: Planned,
  etag: string | null,
): Promise<SaveResult> {
  try {
    const version = await patiently(table, () => sendRecord(table, planned, etag));
    return { outcome: 'saved', version };
  } catch (cause) {
    const result = await resultOf(table, planned, failureOf(cause, table.what), etag);
    if (result !== 'unchanged') return result;
    // Nobody changed the record, so it is the entity of its due instant that somebody has removed.
    return writeRecord(table, { ...planned, before: { ...planned.before, due: null } }, etag);
  }
}

async function sendRecord(
  table: Table,
  { write, token, indexed, before }: Planned,
  etag: string | null,
): Promise<string> {
  const { writes } = table.clients;
  const entity = recordEntity(write, indexed, token);
  const given = (answer: { readonly etag?: string } | undefined) =>
    versionOf(answer?.etag ?? '', indexed);
  if (before.due !== write.due) {
    const record: TableAction =
      etag === null ? ['create', entity] : ['update', entity, 'Replace', { etag }];
    const actions = [record, ...dueActions(entity.partitionKey, write, before.due)];
    const { subResponses } = await writes.submitTransaction(actions, table.signal());
    return given(subResponses[0]);
  }
  if (etag === null) return given(await writes.createEntity(entity, table.signal()));
  return given(await writes.updateEntity(entity, 'Replace', { etag, ...table.signal() }));
}

function dueActions(
  partitionKey: string,
  { key, due }: RecordWrite,
  before: number | null,
): readonly TableAction[] {
  const rows = [before, due].map((at) => (at === null ? undefined : dueRow(at, key)));
  const [oldRow, row] = rows;
  // Two instants of one millisecond share a row.
  if (oldRow === row) return [];
  return [
    ...(oldRow === undefined ? [] : [['delete', { partitionKey, rowKey: oldRow }] as TableAction]),
    ...(row === undefined
      ? []
      : [['upsert', { partitionKey, rowKey: row, key }, 'Replace'] as TableAction]),
  ];
}

/** A conflict may be with ourselves: a client that repeats a write whose answer was lost is told that the record has changed. */
async function resultOf(
  table: Table,
  { write, token, before }: Planned,
  { kind, error }: RequestFailure,
  etag: string | null,
): Promise<SaveResult | 'unchanged'> {
  if (kind === 'lost') return { outcome: 'unknown', error };
  if (kind !== 'conflict') return { outcome: 'failed', error };
  const { partitionKey, rowKey } = recordAt(write.key);
  try {
    const queryOptions = { select: ['token', 'index'] };
    const options = { ...table.signal(), queryOptions };
    const found = await table.clients.reads.getEntity(partitionKey, rowKey, options);
    if (found['token'] === token) return { outcome: 'saved', version: foundVersion(found) };
    return found.etag === etag && before.due !== null ? 'unchanged' : conflict;
  } catch (cause) {
    const failure = failureOf(cause, table.what);
    return failure.kind === 'conflict' ? conflict : { outcome: 'unknown', error: failure.error };
  }
}

async function putHint(table: Table, [partitionKey, token]: Hint, key: string): Promise<void> {
  const entity = { partitionKey, rowKey: tagRow(key) + token, key };
  await patiently(table, () => table.clients.writes.createEntity(entity, table.signal()));
}

/** Takes hints away; gives the first error. One that is not there is as good as taken away. */
async function removeHints(
  table: Table,
  hints: readonly Hint[],
  key: string,
): Promise<HearthError | undefined> {
  const errors = await Promise.all(
    hints.map(async ([partition, token]) => {
      try {
        const remove = () =>
          table.clients.writes.deleteEntity(partition, tagRow(key) + token, table.signal());
        await patiently(table, remove);
      } catch (cause) {
        const { kind, error } = failureOf(cause, table.what);
        return kind === 'conflict' ? undefined : error;
      }
      return undefined;
    }),
  );
  return errors.find((error) => error !== undefined);
}

/** Throttled is what was certainly not done. */
function patiently<T>(table: Table, send: () => Promise<T>): Promise<T> {
  return again(send, (cause) => failureOf(cause, table.what).kind === 'throttled');
}
