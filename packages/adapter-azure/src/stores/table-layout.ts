import { HearthError, type RecordWrite } from '@hearth/core';
import { keyHash } from '@hearth/core/ports';
import { keyName, nameEnd, textHash } from './key-name.ts';
import { dueFrom } from './pages.ts';
import type { FoundEntity, TableEntity } from './table-client.ts';

/**
 * How many partitions records and their due instants are spread over. One takes about 2,000 entities a second, an account 20,000. It
 * is part of where a record lies, so it never changes.
 */
export const partitions = 16;

// Keys of Azure are bounded by 1 KiB, of UTF-16.
const nameLength = 440;

/** A key of an entity of an index: its partition, and what makes it this writer's own. */
export type Hint = readonly [partition: string, token: string];

/**
 * What a record has in the indexes. `due` lies in the record's partition and is changed together with it. `hints` are the entities that
 * `query` finds; `gone` are those of the save before, which may still be there.
 */
export interface Indexed {
  readonly due: number | null;
  readonly hints: readonly Hint[];
  readonly gone: readonly Hint[];
}

/** What is not in any index. */
export const notIndexed: Indexed = { due: null, hints: [], gone: [] };

/** The name of a partition of records. */
export function partitionName(index: number): string {
  return `p${index.toString(16)}`;
}

/** Where a record lies. */
export function recordAt(key: string): { readonly partitionKey: string; readonly rowKey: string } {
  return {
    partitionKey: partitionName(keyHash(key) % partitions),
    rowKey: `r${keyName(key, nameLength)}`,
  };
}

/** The row of a due instant, which sorts by instant and then by key. */
export function dueRow(due: number, key: string): string {
  return `${dueFrom(due)}${nameEnd}${keyName(key, nameLength)}`;
}

/** The partition of a tag and value. The value is hashed: it may say something about a person, and is not to outlive its record. */
export function tagPartition(handler: string, tag: string, value: string): string {
  return ['t', keyName(handler, 200), keyName(tag, 200), textHash(value)].join(nameEnd);
}

/** Where the rows of a key in the partition of a tag begin. */
export function tagRow(key: string): string {
  return `${keyName(key, nameLength)}${nameEnd}`;
}

/** What a write puts into the indexes in place of what was there; what stays keeps its entity. */
export function indexedBy(write: RecordWrite, before: Indexed, token: string): Indexed {
  const handler = write.key.slice(0, Math.max(0, write.key.indexOf('/')));
  const known = new Map(before.hints);
  const hints = Object.entries(write.tags).map(([tag, value]): Hint => {
    const partition = tagPartition(handler, tag, value);
    return [partition, known.get(partition) ?? token];
  });
  const kept = new Set(hints.map(([partition]) => partition));
  const gone = before.hints.filter(([partition]) => !kept.has(partition));
  return { due: write.due, hints, gone };
}

const chunk = 32_768;
// The body leaves this much of an entity's 1 MiB for its keys and its index.
const mostIndexed = 32_000;

/** Why a record has more tags than an entity can hold, or `undefined`. */
export function tooManyTags(write: RecordWrite, indexed: Indexed): HearthError | undefined {
  if (indexText(indexed).length <= mostIndexed) return undefined;
  const count = Object.keys(write.tags).length;
  const message = `The record "${write.key}" has ${count} tags, which are more than an entity can hold.`;
  return new HearthError('limit-exceeded', message, { field: 'tags' });
}

/** The entity of a record. */
export function recordEntity(write: RecordWrite, indexed: Indexed, token: string): TableEntity {
  const entity: { partitionKey: string; rowKey: string; [property: string]: unknown } = {
    ...recordAt(write.key),
    key: write.key,
    token,
  };
  const text = indexText(indexed);
  if (text !== '') entity['index'] = text;
  let at = 0;
  let part = 0;
  do {
    const end = endOfChunk(write.body, at);
    entity[`b${part}`] = write.body.slice(at, end);
    at = end;
    part += 1;
  } while (at < write.body.length);
  return entity;
}

/** A pair of surrogates stays together. */
function endOfChunk(body: string, from: number): number {
  const end = Math.min(body.length, from + chunk);
  const last = body.charCodeAt(end - 1);
  return end < body.length && last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}

/** The body of a record, put together. */
export function bodyOf(entity: FoundEntity): string {
  let body = '';
  for (let part = 0; ; part += 1) {
    const text = entity[`b${part}`];
    if (typeof text !== 'string') return body;
    body += text;
  }
}

function indexText({ due, hints, gone }: Indexed): string {
  if (due === null && hints.length === 0 && gone.length === 0) return '';
  return JSON.stringify([due, hints, gone]);
}

/**
 * The version of a record: its ETag and, behind a space, what it has in the indexes. So a writer needs no second read, and no memory, to
 * know what it has to take out of them.
 */
export function versionOf(etag: string, indexed: Indexed): string {
  const text = indexText(indexed);
  return text === '' ? etag : `${etag} ${text}`;
}

/** The version of a record that was read. */
export function foundVersion({ etag = '', index }: FoundEntity): string {
  return typeof index === 'string' ? `${etag} ${index}` : etag;
}

/** Takes a version apart; `undefined` for what this store never gave. */
export function readVersion(
  version: string,
): { readonly etag: string; readonly indexed: Indexed } | undefined {
  const [, etag, text] = /^(W\/"[^" ]+")(?: (\[.*\]))?$/s.exec(version) ?? [];
  if (etag === undefined) return undefined;
  if (text === undefined) return { etag, indexed: notIndexed };
  try {
    const [due, hints, gone] = JSON.parse(text) as [number | null, Hint[], Hint[]];
    return { etag, indexed: { due, hints, gone } };
  } catch {
    return undefined;
  }
}
