import { HearthError } from '../event/error.ts';
import { inShard } from './key-hash.ts';
import { sortedBlocks, type SortedBlocks } from './sorted-blocks.ts';
import type { DueRequest, KeyPage, RecordWrite, StoredRecord, TagRequest } from './state-store.ts';

/** What the memory store keeps for a key. The indexes catch up with it only when somebody asks them. */
export interface Cell {
  record: StoredRecord;
  due: number | null;
  tags: RecordWrite['tags'];
  indexedDue: number | null;
  indexedTags: RecordWrite['tags'];
  dueIsStale: boolean;
  tagsAreStale: boolean;
}

/** No tags at all. */
export const noTags: RecordWrite['tags'] = {};

interface DueEntry {
  readonly due: number;
  readonly key: string;
}

/** Finds records by instant. A save only notes that a cell changed, so a record that changes often costs nothing here. */
export function dueIndex() {
  const entries = sortedBlocks<DueEntry>((a, b) => a.due - b.due || compareText(a.key, b.key));
  let stale: Cell[] = [];
  const catchUp = () => {
    for (const cell of stale) moveDue(entries, cell);
    stale = [];
  };
  return {
    changed(cell: Cell): void {
      if (cell.dueIsStale) return;
      cell.dueIsStale = true;
      stale.push(cell);
    },
    page(request: DueRequest): KeyPage {
      catchUp();
      return duePage(entries, request);
    },
    next(): number | null {
      catchUp();
      for (const { due } of entries.after(undefined)) return due;
      return null;
    },
  };
}

function moveDue(entries: SortedBlocks<DueEntry>, cell: Cell): void {
  const { key } = cell.record;
  cell.dueIsStale = false;
  if (cell.indexedDue === cell.due) return;
  if (cell.indexedDue !== null) entries.remove({ due: cell.indexedDue, key });
  if (cell.due !== null) entries.insert({ due: cell.due, key });
  cell.indexedDue = cell.due;
}

function duePage(entries: SortedBlocks<DueEntry>, request: DueRequest): KeyPage {
  const { before, limit, shard, cursor } = request;
  const from = cursor === undefined ? undefined : parseDue(cursor);
  const keys: string[] = [];
  let last = from;
  for (const entry of entries.after(from)) {
    if (entry.due > before) break;
    if (!inShard(entry.key, shard)) continue;
    if (keys.length === limit) return { keys, cursor: `${last?.due}/${last?.key}` };
    keys.push(entry.key);
    last = entry;
  }
  return { keys };
}

function parseDue(cursor: string): DueEntry {
  const end = cursor.indexOf('/');
  const due = Number(cursor.slice(0, end));
  if (end < 1 || Number.isNaN(due)) {
    throw new HearthError('invalid-option', 'This is no cursor of a due page.', {
      field: 'cursor',
    });
  }
  return { due, key: cursor.slice(end + 1) };
}

interface TagEntry {
  readonly name: string;
  readonly key: string;
}

/** Finds records by handler, tag and value; as lazy as the due index. */
export function tagIndex() {
  const entries = sortedBlocks<TagEntry>(
    (a, b) => compareText(a.name, b.name) || compareText(a.key, b.key),
  );
  let stale: Cell[] = [];
  const catchUp = () => {
    for (const cell of stale) {
      const { key } = cell.record;
      cell.tagsAreStale = false;
      for (const name of names(key, cell.indexedTags)) entries.remove({ name, key });
      for (const name of names(key, cell.tags)) entries.insert({ name, key });
      cell.indexedTags = cell.tags;
    }
    stale = [];
  };
  return {
    changed(cell: Cell): void {
      if (cell.tagsAreStale) return;
      cell.tagsAreStale = true;
      stale.push(cell);
    },
    page({ handler, tag, value, limit, cursor }: TagRequest): KeyPage {
      catchUp();
      const name = nameOf(handler, tag, value);
      const keys: string[] = [];
      for (const entry of entries.after({ name, key: cursor ?? '' })) {
        if (entry.name !== name) break;
        if (keys.length === limit) return { keys, cursor: keys.at(-1) ?? '' };
        keys.push(entry.key);
      }
      return { keys };
    },
  };
}

function names(key: string, tags: RecordWrite['tags']): readonly string[] {
  const handler = key.slice(0, key.indexOf('/'));
  return Object.keys(tags).map((tag) => nameOf(handler, tag, tags[tag] ?? ''));
}

// The lengths keep `a` = `b/c` apart from `a/b` = `c`, whatever signs they contain.
function nameOf(handler: string, tag: string, value: string): string {
  return `${handler.length}/${tag.length}/${handler}/${tag}/${value}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Tells whether two sets of tags are equal. */
export function sameTags(a: RecordWrite['tags'], b: RecordWrite['tags']): boolean {
  if (a === b) return true;
  let left = 0;
  for (const tag in a) {
    if (a[tag] !== b[tag]) return false;
    left += 1;
  }
  for (const _ in b) left -= 1;
  return left === 0;
}
