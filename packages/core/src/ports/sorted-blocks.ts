/** Values in order. Inserting and removing cost about the square root of their number, and reading on from a value its logarithm. */
export interface SortedBlocks<T> {
  readonly size: number;
  insert(value: T): void;
  remove(value: T): void;
  /** The values after `value` (all, if it is `undefined`), in order. Nothing may change while it is read. */
  after(value: T | undefined): Iterable<T>;
}

type Compare<T> = (a: T, b: T) => number;

const blockSize = 512;

/** An empty sorted set: a list of short sorted lists, of which one is touched by a change. */
export function sortedBlocks<T>(compare: Compare<T>): SortedBlocks<T> {
  const blocks: T[][] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    insert(value) {
      insert(blocks, value, compare);
      size += 1;
    },
    remove(value) {
      if (remove(blocks, value, compare)) size -= 1;
    },
    after: (value) => after(blocks, value, compare),
  };
}

function insert<T>(blocks: T[][], value: T, compare: Compare<T>): void {
  const at = blockFor(blocks, value, compare);
  const block = blocks[at];
  if (block === undefined) {
    blocks.push([value]);
    return;
  }
  block.splice(position(block, value, compare), 0, value);
  if (block.length > blockSize) blocks.splice(at + 1, 0, block.splice(blockSize / 2));
}

function remove<T>(blocks: T[][], value: T, compare: Compare<T>): boolean {
  const at = blockFor(blocks, value, compare);
  const block = blocks[at];
  if (block === undefined) return false;
  const index = position(block, value, compare);
  if (index === block.length || compare(block[index] as T, value) !== 0) return false;
  block.splice(index, 1);
  if (block.length === 0) blocks.splice(at, 1);
  return true;
}

function* after<T>(blocks: readonly T[][], value: T | undefined, compare: Compare<T>): Iterable<T> {
  const from = value === undefined ? 0 : blockFor(blocks, value, compare);
  for (let at = from; at < blocks.length; at += 1) {
    for (const each of blocks[at] as T[]) {
      if (value === undefined || at > from || compare(each, value) > 0) yield each;
    }
  }
}

/** The block that holds a value or would: the last one that does not begin after it. */
function blockFor<T>(blocks: readonly T[][], value: T, compare: Compare<T>): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (compare(blocks[middle]?.[0] as T, value) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

function position<T>(block: readonly T[], value: T, compare: Compare<T>): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(block[middle] as T, value) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
