import { describe, expect, it } from 'vitest';
import { memoryStore } from './memory-store.ts';
import type { RecordWrite } from './state-store.ts';

const write = (key: string, body: string, rest: Partial<RecordWrite> = {}): RecordWrite => ({
  key,
  expected: null,
  body,
  due: null,
  tags: {},
  ...rest,
});

function versionOf(store: ReturnType<typeof memoryStore>, key: string): string {
  return store.now.load([key])[0]?.version ?? 'none';
}

describe('memoryStore', () => {
  it('answers at once what it also answers by promise', async () => {
    const store = memoryStore();
    expect(store.now.save([write('h/1', 'a', { due: 5, tags: { home: 'x' } })])).toEqual([
      { outcome: 'saved', version: expect.any(String) },
    ]);
    expect(store.now.load(['h/1', 'h/2'])).toEqual(await store.load(['h/1', 'h/2']));
    const due = { before: 5, limit: 10 };
    expect(store.now.due(due)).toEqual({ keys: ['h/1'] });
    expect(await store.due(due)).toEqual({ keys: ['h/1'] });
    const query = { handler: 'h', tag: 'home', value: 'x', limit: 10 };
    expect(store.now.query(query)).toEqual({ keys: ['h/1'] });
    expect(await store.query(query)).toEqual({ keys: ['h/1'] });
  });

  it('knows the next instant at which anything is due', () => {
    const store = memoryStore();
    expect(store.now.nextDue()).toBeNull();
    store.now.save([write('h/1', 'a', { due: 50 }), write('h/2', 'a', { due: 20 })]);
    expect(store.now.nextDue()).toBe(20);
    store.now.save([write('h/2', 'b', { expected: versionOf(store, 'h/2') })]);
    expect(store.now.nextDue()).toBe(50);
  });

  it('rejects, and does not throw, where a call is wrong', async () => {
    const store = memoryStore();
    const twice = store.save([write('h/1', 'a'), write('h/1', 'b')]);
    await expect(twice).rejects.toMatchObject({ code: 'duplicate-key' });
    await expect(store.due({ before: 1, limit: 0 })).rejects.toMatchObject({ field: 'limit' });
    const cursor = store.due({ before: 1, limit: 1, cursor: 'nonsense' });
    await expect(cursor).rejects.toMatchObject({ field: 'cursor' });
  });

  it('takes other capabilities than its own', () => {
    const store = memoryStore({ maxRecordBytes: 3, durability: 'crash-safe' });
    expect(store.capabilities).toMatchObject({ maxRecordBytes: 3, durability: 'crash-safe' });
    expect(store.now.save([write('h/1', 'abcd')])[0]?.outcome).toBe('failed');
  });

  it('lists its records in key order', () => {
    const store = memoryStore();
    store.now.save([write('h/2', 'b'), write('h/1', 'a')]);
    expect([...store.entries().values()].map(({ key, body }) => [key, body])).toEqual([
      ['h/1', 'a'],
      ['h/2', 'b'],
    ]);
  });
});

describe('a snapshot', () => {
  it('brings back records, due instants and tags', () => {
    const store = memoryStore();
    store.now.save([write('h/1', 'a', { due: 5, tags: { home: 'x' } })]);
    const snapshot = store.snapshot();
    const before = store.entries();
    const expected = versionOf(store, 'h/1');
    store.now.save([write('h/1', 'b', { expected }), write('h/2', 'c', { due: 1 })]);
    store.restore(snapshot);
    expect(store.entries()).toEqual(before);
    expect(store.now.due({ before: 9, limit: 9 }).keys).toEqual(['h/1']);
    const query = { handler: 'h', tag: 'home', value: 'x', limit: 9 };
    expect(store.now.query(query).keys).toEqual(['h/1']);
  });

  it('does not bring back a version that was given out after it', () => {
    const store = memoryStore();
    store.now.save([write('h/1', 'a')]);
    const snapshot = store.snapshot();
    const expected = versionOf(store, 'h/1');
    store.now.save([write('h/1', 'b', { expected })]);
    const lost = versionOf(store, 'h/1');
    store.restore(snapshot);
    store.now.save([write('h/1', 'c', { expected })]);
    expect(store.now.save([write('h/1', 'd', { expected: lost })])).toEqual([
      { outcome: 'conflict' },
    ]);
  });
});

describe('a clone', () => {
  it('begins with the same records and goes its own way', () => {
    const store = memoryStore({ maxKeyBytes: 9 });
    store.now.save([write('h/1', 'a')]);
    const copy = store.clone();
    copy.now.save([write('h/1', 'b', { expected: versionOf(store, 'h/1') })]);
    expect(store.entries().get('h/1')?.body).toBe('a');
    expect(copy.entries().get('h/1')?.body).toBe('b');
    expect(copy.capabilities).toEqual(store.capabilities);
  });
});
