import { HearthError } from '@hearth/core/event';
import { inShard, type DueRequest, type KeyPage, type Shard } from '@hearth/core/ports';
import { indexes } from './dynamo-table.ts';
import { ask, type Connection } from './items.ts';
import { recordKey } from './load.ts';

/** An entry of the due index: where a part of it goes on. */
type Place = readonly [due: number, key: string];

/** How far each part of the index has been read: from the beginning (0), up to a place, to the end (1). */
type Progress = Record<number, Place | 0 | 1>;

interface Part {
  readonly number: number;
  readonly entries: readonly Place[];
  readonly hasMore: boolean;
  at: number;
}

/**
 * Lists what is due: reads the parts of the index at once and merges them, earliest first.
 *
 * A page may be short where a part has to be read on before it is known what comes next.
 *
 * @throws {HearthError} `invalid-option` for a cursor that is none, `store-unavailable`.
 */
export async function due(
  connection: Connection,
  dueShards: number,
  { before, limit, shard, cursor }: DueRequest,
): Promise<KeyPage> {
  const progress = cursor === undefined ? beginning(dueShards, shard) : parse(cursor);
  const open = Object.entries(progress).flatMap(([number, from]) =>
    from === 1 ? [] : [[Number(number), from] as const],
  );
  // Keys are spread evenly, so twice the share of each part fills most pages.
  const size = Math.min(limit, Math.ceil((2 * limit) / Math.max(1, open.length))) + 1;
  const parts = await Promise.all(
    open.map(([number, from]) => readPart(connection, number, from, before, size)),
  );
  const keys = merge(parts, limit, (key) => inShard(key, shard));
  for (const { number, entries, hasMore, at } of parts) {
    const isDone = !hasMore && at === entries.length;
    progress[number] = isDone ? 1 : (entries[at - 1] ?? progress[number] ?? 0);
  }
  const isLast = Object.values(progress).every((place) => place === 1);
  return isLast ? { keys } : { keys, cursor: JSON.stringify(progress) };
}

/** Takes the earliest entries, up to where a part would have to be read on. */
function merge(
  parts: readonly Part[],
  limit: number,
  isWanted: (key: string) => boolean,
): readonly string[] {
  const keys: string[] = [];
  for (;;) {
    if (parts.some(({ entries, hasMore, at }) => hasMore && at === entries.length)) return keys;
    let first: Part | undefined;
    for (const part of parts) {
      if (part.at < part.entries.length && (first === undefined || dueAt(part) < dueAt(first))) {
        first = part;
      }
    }
    const key = first?.entries[first.at]?.[1];
    if (first === undefined || key === undefined) return keys;
    if (isWanted(key)) {
      if (keys.length === limit) return keys;
      keys.push(key);
    }
    first.at += 1;
  }
}

function dueAt({ entries, at }: Part): number {
  return entries[at]?.[0] ?? Infinity;
}

/** The parts that hold a shard of the port's: those whose numbers agree with its index in every common divisor. */
function beginning(dueShards: number, shard: Shard = { index: 0, of: 1 }): Progress {
  const divisor = gcd(dueShards, shard.of);
  const progress: Progress = {};
  for (let number = 0; number < dueShards; number += 1) {
    if (number % divisor === shard.index % divisor) progress[number] = 0;
  }
  return progress;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

async function readPart(
  connection: Connection,
  number: number,
  from: Place | 0,
  before: number,
  limit: number,
): Promise<Part> {
  const shard = { N: String(number) };
  const page = await ask(connection, {
    index: indexes.due,
    where: {
      text: '#shard = :shard AND #due <= :before',
      names: { '#shard': 'shard', '#due': 'due' },
      values: { ':shard': shard, ':before': { N: String(before) } },
    },
    limit,
    ...(from === 0
      ? {}
      : {
          start: {
            pk: { S: from[1] },
            sk: { S: recordKey },
            shard,
            due: { N: String(from[0]) },
          },
        }),
  });
  const entries = page.items.map(({ due: at, pk }): Place => [Number(at?.N), pk?.S ?? '']);
  return { number, entries, hasMore: page.next !== undefined, at: 0 };
}

function parse(cursor: string): Progress {
  try {
    const progress = JSON.parse(cursor) as unknown;
    if (typeof progress === 'object' && progress !== null && Object.values(progress).every(isPlace))
      return progress as Progress;
  } catch {
    // Said below.
  }
  throw new HearthError('invalid-option', 'This is no cursor of a due page.', { field: 'cursor' });
}

function isPlace(place: unknown): place is Place | 0 | 1 {
  if (!Array.isArray(place)) return place === 0 || place === 1;
  return typeof place[0] === 'number' && typeof place[1] === 'string';
}
