import { nameOf } from '../attempt.ts';
import { failureOf } from './failure.ts';
import { ask, put, remove, type Connection } from './items.ts';
import { readVersion, type Tag } from './version.ts';
import { loadOne } from './load.ts';

/*
 * A tag is an item of its own, written before the record and removed after it, so a crash leaves a stale hint and never a missing one.
 * Its `n` is the count of the record's save that wanted it. `n` is only ever raised, and an item is removed only by who has seen the
 * record without that tag at a count of at least `n`. Whoever adds the tag at a later count has raised `n` beyond that before saving
 * the record, so a slow remover cannot take away what a newer save relies on.
 */

const prefix = 'tag/';

/**
 * Makes sure that tags are in the index for a save with this count; tags that the record has already need nothing.
 *
 * @throws {HearthError} `store-unavailable`: the record must not be saved then.
 */
export async function addTags(
  connection: Connection,
  key: string,
  tags: readonly Tag[],
  count: number,
): Promise<void> {
  const n = { N: String(count) };
  await Promise.all(
    tags.map(async ({ hash, name }) => {
      const item = { pk: { S: key }, sk: { S: prefix + hash }, tag: { S: name }, n };
      const text = 'attribute_not_exists(pk) OR n < :n';
      const done = await put(connection, item, { text, values: { ':n': n } });
      // It is there already, for this save or a later one.
      if ('output' in done || nameOf(done.error) === 'ConditionalCheckFailedException') return;
      throw failureOf(done.error, connection.table);
    }),
  );
}

/** Removes tags that the record did not have at this count. Best effort: what stays is a stale hint. */
export async function removeTags(
  connection: Connection,
  key: string,
  hashes: readonly string[],
  count: number,
): Promise<void> {
  const condition = { text: 'n <= :n', values: { ':n': { N: String(count) } } };
  await Promise.all(
    hashes.map((hash) =>
      remove(connection, { pk: { S: key }, sk: { S: prefix + hash } }, condition),
    ),
  );
}

/** Removes tags that were added for a save which then lost against another one, unless that one has them as well. */
export async function takeBackTags(
  connection: Connection,
  key: string,
  tags: readonly Tag[],
): Promise<void> {
  if (tags.length === 0) return;
  const record = await loadOne(connection, key).catch(() => undefined);
  const current = record && readVersion(record.version);
  if (current === undefined) return;
  const unwanted = tags.flatMap(({ hash }) => (current.tags.has(hash) ? [] : hash));
  await removeTags(connection, key, unwanted, current.count);
}

/**
 * Removes every tag of a record but those that it has at this count, whoever has left them behind.
 *
 * @throws {HearthError} `store-unavailable`.
 */
export async function removeOtherTags(
  connection: Connection,
  key: string,
  kept: readonly Tag[],
  count: number,
): Promise<void> {
  const hashes = new Set(kept.map(({ hash }) => prefix + hash));
  const values = { ':pk': { S: key }, ':tag': { S: prefix } };
  const where = { text: 'pk = :pk AND begins_with(sk, :tag)', values };
  const condition = { text: 'n <= :n', values: { ':n': { N: String(count) } } };
  let start: Parameters<typeof ask>[1]['start'];
  do {
    const page = await ask(connection, { where, ...(start === undefined ? {} : { start }) });
    for (const { sk } of page.items) {
      if (sk?.S === undefined || hashes.has(sk.S)) continue;
      const done = await remove(connection, { pk: { S: key }, sk }, condition);
      if ('output' in done || nameOf(done.error) === 'ConditionalCheckFailedException') continue;
      throw failureOf(done.error, connection.table);
    }
    start = page.next;
  } while (start !== undefined);
}
