import type { DueRequest, KeyPage, TagRequest } from '@hearth/core';
import type { CosmosContainerLike, CosmosFound } from './cosmos-client.ts';
import { nameEnd } from './key-name.ts';
import { assertPage, dueFrom } from './pages.ts';

interface Signal {
  readonly abortSignal: AbortSignal;
}

type Parameters = Readonly<Record<string, string | number>>;

/** What an item is sorted by in the due index: the instant, then the key, in one field, so that no composite index is needed. */
export function dueKey(due: number, id: string): string {
  return `${dueFrom(due)}${nameEnd}${id}`;
}

/** What a tag and its value look like in an item. The lengths keep `a` = `b/c` apart from `a/b` = `c`. */
export function tagKey(handler: string, tag: string, value: string): string {
  return `${handler.length}/${tag.length}/${handler}/${tag}/${value}`;
}

/** A page of what is due, earliest first. */
export async function duePage(
  container: CosmosContainerLike,
  { before, limit, shard, cursor }: DueRequest,
  signal: Signal,
): Promise<KeyPage> {
  assertPage(limit, cursor, /^d\d{16}!!/);
  const where = ['c.due > @after', 'c.due < @until'];
  const parameters: Record<string, string | number> = {
    after: cursor ?? 'd',
    until: `${dueFrom(before)}~`,
  };
  if (shard !== undefined && shard.of > 1) {
    where.push('c.hash % @of = @index');
    Object.assign(parameters, { of: shard.of, index: shard.index });
  }
  const query = `SELECT c.key, c.due FROM c WHERE ${where.join(' AND ')} ORDER BY c.due`;
  const items = await firstOf(container, query, parameters, limit, signal);
  return pageOf(items, limit, ({ due = '' }) => due);
}

/** A page of the records that carry a tag, in key order. */
export async function tagPage(
  container: CosmosContainerLike,
  { handler, tag, value, limit, cursor = '' }: TagRequest,
  signal: Signal,
): Promise<KeyPage> {
  assertPage(limit, cursor, /^[\w\-.:;<=>@[\]^`{|}~!]*$/);
  const query =
    'SELECT c.key, c.id FROM c WHERE ARRAY_CONTAINS(c.tags, @tag) AND c.id > @after ORDER BY c.id';
  const parameters = { tag: tagKey(handler, tag, value), after: cursor };
  const items = await firstOf(container, query, parameters, limit, signal);
  return pageOf(items, limit, ({ id }) => id);
}

/** One more than is asked for, if there is one. */
async function firstOf(
  container: CosmosContainerLike,
  query: string,
  parameters: Parameters,
  limit: number,
  signal: Signal,
): Promise<readonly CosmosFound[]> {
  const named = Object.entries(parameters).map(([name, value]) => ({ name: `@${name}`, value }));
  const options = { maxItemCount: limit + 1, ...signal };
  const pages = container.items.query({ query, parameters: named }, options);
  const items: CosmosFound[] = [];
  while (items.length <= limit && pages.hasMoreResults()) {
    // A page may be empty although others follow.
    items.push(...((await pages.fetchNext()).resources ?? []));
  }
  return items;
}

function pageOf(
  items: readonly CosmosFound[],
  limit: number,
  cursorOf: (item: CosmosFound) => string,
): KeyPage {
  const taken = items.slice(0, limit);
  const keys = taken.map(({ key }) => key);
  const end = taken.at(-1);
  return items.length > limit && end !== undefined ? { keys, cursor: cursorOf(end) } : { keys };
}
