import type { DueRequest, KeyPage, TagRequest } from '@hearth/core';
import { inShard } from '@hearth/core/ports';
import { assertPage, dueFrom } from './pages.ts';
import { inParallel } from './parallel.ts';
import type { FoundEntity } from './table-client.ts';
import {
  partitionName,
  partitions,
  readVersion,
  recordAt,
  foundVersion,
  tagPartition,
  tagRow,
} from './table-layout.ts';
import type { Table } from './table-save.ts';

// Behind every row that begins alike: all signs of names and tokens sort before it.
const last = '~~~~';
const select = ['RowKey', 'key'];

interface Row {
  readonly row: string;
  readonly key: string;
  readonly timestamp?: string;
}

/**
 * A page of what is due: from each partition of the shard a little more than its part, merged. What is behind the last row of a partition
 * that has more is left to the next page.
 */
export async function duePage(table: Table, request: DueRequest): Promise<KeyPage> {
  const { before, limit, shard, cursor } = request;
  assertPage(limit, cursor, /^d\d{16}!!/);
  const names = partitionsOf(shard);
  const most = Math.max(fewest, Math.ceil((2 * limit) / names.length));
  const after = cursor === undefined ? `RowKey ge 'd'` : `RowKey gt ${quoted(cursor)}`;
  const until = `RowKey lt ${quoted(dueFrom(before) + last)}`;
  const parts = await inParallel(names, names.length, (name) =>
    rowsOf(table, `PartitionKey eq ${quoted(name)} and ${after} and ${until}`, most, select),
  );
  const ends = parts.flatMap(({ rows, more }) => (more ? (rows.at(-1)?.row ?? []) : []));
  const horizon = ends.toSorted()[0];
  const rows = parts
    .flatMap((part) => part.rows)
    .filter(({ row, key }) => (horizon === undefined || row <= horizon) && inShard(key, shard))
    .toSorted((a, b) => (a.row < b.row ? -1 : 1));
  const taken = rows.slice(0, limit);
  const keys = taken.map(({ key }) => key);
  const end = rows.length > limit ? taken.at(-1)?.row : horizon;
  return end === undefined ? { keys } : { keys, cursor: end };
}

// A request costs the same for one entity and for some.
const fewest = 25;

/** The partitions in which the keys of a shard lie: with four of four shards, each looks at a quarter of them. */
function partitionsOf(shard: DueRequest['shard']): readonly string[] {
  const all = Array.from({ length: partitions }, (_, index) => index);
  if (shard === undefined) return all.map(partitionName);
  const common = greatestDivisor(partitions, shard.of);
  return all.filter((index) => index % common === shard.index % common).map(partitionName);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** A page of the records that carry a tag. A record that several writers have put there is one. */
export async function tagPage(table: Table, request: TagRequest): Promise<KeyPage> {
  const { handler, tag, value, limit, cursor } = request;
  assertPage(limit, cursor, /!!$/);
  const partition = tagPartition(handler, tag, value);
  const after = cursor === undefined ? '' : ` and RowKey gt ${quoted(cursor + last)}`;
  const filter = `PartitionKey eq ${quoted(partition)}${after}`;
  const { rows, more } = await rowsOf(table, filter, limit + 1, [...select, 'Timestamp']);
  const byKey = new Map<string, Row[]>();
  for (const row of rows) byKey.set(row.key, [...(byKey.get(row.key) ?? []), row]);
  const keys = [...byKey.keys()].slice(0, limit);
  const doubled = [...byKey].filter(([, entities]) => entities.length > 1);
  await Promise.all(doubled.map(([key, all]) => removeStale(table, partition, key, all)));
  const end = keys.at(-1);
  if (end === undefined || (!more && byKey.size <= limit)) return { keys };
  return { keys, cursor: tagRow(end) };
}

// Longer than any host lets a function run, or sleep, between the entity and the record that it belongs to.
const abandonedMs = 24 * 3_600_000;

/** Takes away what a writer left behind that died between its hint and its record. Whoever cannot, leaves it to the next. */
async function removeStale(
  table: Table,
  partition: string,
  key: string,
  rows: readonly Row[],
): Promise<void> {
  const { reads, writes } = table.clients;
  const isOld = ({ timestamp = '' }: Row) => Date.parse(timestamp) < Date.now() - abandonedMs;
  const old = rows.filter(isOld);
  if (old.length === 0) return;
  const { partitionKey, rowKey } = recordAt(key);
  try {
    const found = await reads.getEntity(partitionKey, rowKey, {
      ...table.signal(),
      queryOptions: { select: ['index'] },
    });
    const live = new Map(readVersion(foundVersion(found))?.indexed.hints);
    const token = live.get(partition) ?? '';
    const stale = old.filter(({ row }) => row !== tagRow(key) + token);
    await Promise.all(stale.map(({ row }) => writes.deleteEntity(partition, row, table.signal())));
  } catch {
    // It is only a hint too many.
  }
}

/** The rows that a filter finds, in order, and whether there may be more. */
async function rowsOf(
  table: Table,
  filter: string,
  most: number,
  properties: string[],
): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> {
  const rows: Row[] = [];
  const pages = table.clients.reads
    .listEntities({ ...table.signal(), queryOptions: { filter, select: properties } })
    .byPage({ maxPageSize: Math.min(most, 1_000) });
  // The service may give an empty page, and go on with the next.
  for await (const page of pages) {
    rows.push(...page.map(rowOf));
    if (rows.length >= most) return { rows, more: true };
  }
  return { rows, more: false };
}

function rowOf({ rowKey = '', key, timestamp }: FoundEntity): Row {
  const row = { row: rowKey, key: typeof key === 'string' ? key : '' };
  return timestamp === undefined ? row : { ...row, timestamp };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
