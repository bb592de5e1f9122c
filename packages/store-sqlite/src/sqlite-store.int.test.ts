import type { StateStore } from '@hearth/core/ports';
import { storeCases, type StoreHarness } from '@hearth/testing/conformance';
import { afterEach, describe, expect, it } from 'vitest';
import { folder, type Folder } from '../test/folder.ts';
import { sqliteStore, type SqliteStore } from './sqlite-store.ts';

const opened: { readonly store: SqliteStore; readonly at: Folder }[] = [];

afterEach(async () => {
  for (const { store, at } of opened.splice(0)) {
    await store.close();
    at.remove();
  }
});

function open(at: Folder): SqliteStore {
  const store = sqliteStore({ file: at.file() });
  opened.push({ store, at });
  return store;
}

function folderOf(store: StateStore): Folder {
  const found = opened.find((each) => each.store === store);
  if (found === undefined) throw new Error('This store was not opened here.');
  return found.at;
}

const harness: Required<StoreHarness> = {
  open: async () => open(folder()),
  reopen: async (store) => open(folderOf(store)),
  contains: async (store, text) => folderOf(store).contains(text),
  settle: async () => undefined,
};

describe('a store in a file', () => {
  it.each(storeCases)('$name', ({ run }) => run(harness));
});

const write = (key: string, body: string, expected: string | null = null) => ({
  key,
  expected,
  body,
  due: null,
  tags: {},
});

describe('sqliteStore', () => {
  it('lists keys by their beginning, page by page', async () => {
    const store = open(folder());
    await store.save(['b/1', 'a/2', 'a/1', 'ab/1', 'a/3'].map((key) => write(key, '')));
    const page = await store.keys({ prefix: 'a/', limit: 2 });
    expect(page).toEqual({ keys: ['a/1', 'a/2'], cursor: 'a/2' });
    expect(await store.keys({ prefix: 'a/', limit: 2, cursor: 'a/2' })).toEqual({ keys: ['a/3'] });
    expect((await store.keys({ limit: 9 })).keys).toEqual(['a/1', 'a/2', 'a/3', 'ab/1', 'b/1']);
  });

  it('ends the saves that were begun when it is closed, and refuses all that comes later', async () => {
    const at = folder();
    const store = open(at);
    const begun = store.save([write('h/1', 'one')]);
    await store.close();
    expect(await begun).toMatchObject([{ outcome: 'saved' }]);
    const closed = {
      code: 'store-unavailable',
      message: expect.stringContaining('closed') as string,
    };
    await expect(store.save([write('h/2', 'two')])).rejects.toMatchObject(closed);
    await expect(store.load(['h/1'])).rejects.toMatchObject(closed);
    expect(await open(at).load(['h/1'])).toMatchObject([{ body: 'one' }]);
  });

  it('rejects a page of no keys and a cursor that is none', async () => {
    const store = open(folder());
    await expect(store.due({ before: 1, limit: 0 })).rejects.toMatchObject({ field: 'limit' });
    const request = { before: 1, limit: 1, cursor: 'nonsense' };
    await expect(store.due(request)).rejects.toMatchObject({ field: 'cursor' });
  });

  it.each([
    ['full', 'crash-safe'],
    ['normal', 'best-effort'],
    ['off', 'best-effort'],
  ] as const)('with synchronous = %s promises %s', (synchronous, durability) => {
    const at = folder();
    const store = sqliteStore({ file: at.file(), synchronous });
    opened.push({ store, at });
    expect(store.capabilities.durability).toBe(durability);
  });
});
