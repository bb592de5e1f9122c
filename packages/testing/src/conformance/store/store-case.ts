import { deepEqual } from 'node:assert/strict';
import type { KeyPage, RecordWrite, SaveResult, StateStore } from '@hearth/core/ports';

/**
 * How the cases get at a store. Only `open` is needed.
 *
 * A case that `needs` what a harness does not have is to be skipped with that reason.
 */
export interface StoreHarness {
  /** An empty store. The harness closes what it opened when the case has run. */
  open(): Promise<StateStore>;
  /** The same data, opened anew as another process would find it after this one died. */
  reopen?(store: StateStore): Promise<StateStore>;
  /** Whether a text can be found anywhere in what the store keeps: files, logs, old versions, index entries. */
  contains?(store: StateStore, text: string): Promise<boolean>;
  /** Resolves when the indexes have caught up with all saves, for stores whose `indexLagMs` is not 0. */
  settle?(): Promise<void>;
}

/** One claim about every store. `run` rejects if the store does not keep it. */
export interface StoreCase {
  readonly name: string;
  readonly needs?: 'reopen' | 'contains';
  run(harness: StoreHarness): Promise<void>;
}

/** A write with nothing in it that a case does not care for. */
export function write(key: string, body: string, rest: Partial<RecordWrite> = {}): RecordWrite {
  return { key, expected: null, body, due: null, tags: {}, ...rest };
}

/** Saves, insists that every write was saved, and gives the versions. */
export async function saveAll(
  store: StateStore,
  writes: readonly RecordWrite[],
): Promise<readonly string[]> {
  const results = await store.save(writes);
  deepEqual(
    results.map(said),
    writes.map(() => 'saved'),
  );
  return results.map((result) => (result.outcome === 'saved' ? result.version : ''));
}

/** An outcome, with the reason if there is one. */
const said = (result: SaveResult): string =>
  'error' in result ? `${result.outcome}: ${result.error.message}` : result.outcome;

/** Saves one write, insists that it was saved, and gives its version. */
export async function saveOne(
  store: StateStore,
  key: string,
  body: string,
  rest: Partial<RecordWrite> = {},
): Promise<string> {
  const [version = ''] = await saveAll(store, [write(key, body, rest)]);
  return version;
}

/** The outcomes of a call, in order. */
export function outcomes(results: readonly SaveResult[]): readonly string[] {
  return results.map(({ outcome }) => outcome);
}

/** The bodies of some keys, in order. */
export async function bodies(
  store: StateStore,
  keys: readonly string[],
): Promise<readonly (string | undefined)[]> {
  return (await store.load(keys)).map((record) => record?.body);
}

/** Follows the cursors to the last page. A page may be short or empty as long as it has a cursor. */
export async function allPages(
  page: (cursor: { readonly cursor?: string }) => Promise<KeyPage>,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  for (let count = 0; count < 1_000; count += 1) {
    const next = await page(cursor === undefined ? {} : { cursor });
    keys.push(...next.keys);
    if (next.cursor === undefined) return keys;
    cursor = next.cursor;
  }
  throw new Error('The pages do not end: 1,000 of them have a cursor.');
}

/** Everything due at or before an instant. */
export async function allDue(
  { settle }: StoreHarness,
  store: StateStore,
  before: number,
  limit = 100,
): Promise<readonly string[]> {
  await settle?.();
  return allPages((cursor) => store.due({ before, limit, ...cursor }));
}

/** Every record that a query finds. */
export async function found(
  { settle }: StoreHarness,
  store: StateStore,
  handler: string,
  tag: string,
  value: string,
  limit = 100,
): Promise<readonly string[]> {
  await settle?.();
  return allPages((cursor) => store.query({ handler, tag, value, limit, ...cursor }));
}

/** `prefix` + 000, 001, …: keys whose order is that of their numbers. */
export function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`);
}
