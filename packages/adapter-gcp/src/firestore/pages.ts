import { HearthError } from '@hearth/core/event';
import { inShard, type DueRequest, type KeyPage, type TagRequest } from '@hearth/core/ports';
import type { FirestoreQuery, FirestoreSnapshot } from './client.ts';
import { instantOf, slots, tagText, wakeText } from './document.ts';
import { documentId, keyOf } from './document-id.ts';

/** An entry of the due index. */
interface Due {
  readonly due: number;
  readonly id: string;
  readonly key: string;
}

// As a path, this is the id of the document.
const byId = '__name__';

/**
 * One page of what is due, earliest first.
 *
 * Each slot of a shard is asked for its share; behind the last entry of a slot that has more, nothing is known, and the page ends there.
 */
export async function duePage(records: FirestoreQuery, request: DueRequest): Promise<KeyPage> {
  const { before, limit, shard, cursor } = request;
  assertLimit(limit);
  const after = cursor === undefined ? undefined : parse(cursor);
  const mine = slotsOf(shard);
  const share = Math.ceil(limit / mine.length) + 1;
  const lists = await Promise.all(
    mine.map(async (slot) => {
      const from =
        after === undefined ? undefined : ([wakeText(slot, after.due), after.id] as const);
      return read(inSlot(records, slot, before, from).limit(share));
    }),
  );
  const ends = lists.flatMap((list) => (list.length < share ? [] : list.slice(-1)));
  const known = ends.toSorted(earliest)[0];
  const all = lists.flat().toSorted(earliest);
  const within = known === undefined ? all : all.filter((entry) => earliest(entry, known) <= 0);
  const page = within.slice(0, limit);
  const keys = page.map(({ key }) => key).filter((key) => inShard(key, shard));
  const last = page.at(-1);
  const isLast = last === undefined || (known === undefined && page.length === all.length);
  return isLast ? { keys } : { keys, cursor: `${last.due}/${last.id}` };
}

/** Those slots in which keys of a shard can be: all, unless the numbers of slots and of shards have a common divisor. */
function slotsOf(shard: DueRequest['shard']): readonly number[] {
  const all = Array.from({ length: slots }, (_, slot) => slot);
  if (shard === undefined) return all;
  const common = divisor(slots, shard.of);
  return all.filter((slot) => slot % common === shard.index % common);
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function inSlot(
  records: FirestoreQuery,
  slot: number,
  before: number,
  from: readonly [wake: string, id: string] | undefined,
): FirestoreQuery {
  const due = records
    .where('wake', '>=', wakeText(slot, 0))
    .where('wake', '<=', wakeText(slot, before))
    .orderBy('wake')
    .orderBy(byId)
    .select('wake', 'key');
  return from === undefined ? due : due.startAfter(...from);
}

async function read(query: FirestoreQuery): Promise<readonly Due[]> {
  const { docs } = await query.get();
  return docs.map((snapshot) => ({
    due: instantOf(String(snapshot.get('wake'))),
    id: snapshot.id,
    key: keyIn(snapshot),
  }));
}

function earliest(a: Due, b: Due): number {
  return a.due - b.due || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** One page of the records with a tag, in key order. */
export async function tagPage(records: FirestoreQuery, request: TagRequest): Promise<KeyPage> {
  const { handler, tag, value, limit, cursor } = request;
  assertLimit(limit);
  const tagged = records
    .where('tags', 'array-contains', tagText(handler, tag, value))
    .orderBy(byId)
    .select('key');
  const from = cursor === undefined ? tagged : tagged.startAfter(documentId(cursor));
  const { docs } = await from.limit(limit + 1).get();
  const keys = docs.slice(0, limit).map(keyIn);
  return docs.length > limit ? { keys, cursor: keys.at(-1) ?? '' } : { keys };
}

function keyIn(snapshot: FirestoreSnapshot): string {
  return keyOf(snapshot.id) ?? String(snapshot.get('key'));
}

function assertLimit(limit: number): void {
  if (limit >= 1) return;
  const message = `A page of ${limit} keys was asked for; at least 1 is needed.`;
  throw new HearthError('invalid-option', message, { field: 'limit' });
}

function parse(cursor: string): Pick<Due, 'due' | 'id'> {
  const [, due, id] = /^(\d+)\/(.+)$/s.exec(cursor) ?? [];
  if (due !== undefined && id !== undefined) return { due: Number(due), id };
  throw new HearthError('invalid-option', 'This is no cursor of a due page.', { field: 'cursor' });
}
