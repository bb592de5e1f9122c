import type { RecordWrite } from '@hearth/core';
import { expect, it } from 'vitest';
import { counting } from './counting.ts';

const write = (expected: string | null, rest: Partial<RecordWrite> = {}): RecordWrite => ({
  key: 'h/1',
  expected,
  body: 'äx',
  due: null,
  tags: {},
  ...rest,
});

it('counts what is read and written by its size, and every entry of an index that comes or goes', async () => {
  const { counts, store } = counting();
  const save = async (one: RecordWrite) => {
    const [result] = await store.save([one]);
    return result?.outcome === 'saved' ? result.version : null;
  };
  await store.load(['h/1']);
  const first = await save(write(null, { due: 5, tags: { home: 'a', room: 'r' } }));
  const second = await save(write(first, { due: 7, tags: { home: 'b', room: 'r' } }));
  const third = await save(write(second, { due: 7, tags: { home: 'b', room: 'r' } }));
  await save(write(third));
  await store.load(['h/1', 'h/2']);
  await store.due({ before: 9, limit: 1 });
  // Due: made, moved (one gone, one made), gone. Tags: two made, one moved, two gone.
  expect(counts).toMatchObject({
    reads: [0, 3, 0],
    writes: [3, 3, 3, 3],
    due: 4,
    tags: 6,
    pages: 1,
  });
});
