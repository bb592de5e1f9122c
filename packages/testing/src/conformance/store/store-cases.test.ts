import { describe, expect, it } from 'vitest';
import { brokenStores } from './broken-stores.ts';
import { failingStoreCases, memoryHarness } from './broken-store.ts';
import { storeCases } from './store-cases.ts';

const names = storeCases.map(({ name }) => name);

describe('the memory store', () => {
  it.each(storeCases)('$name', ({ run }) => run(memoryHarness()));
});

describe('a store that', () => {
  it.each(brokenStores)('$name fails in exactly the cases named', async ({ breaks, harness }) => {
    const failing = await failingStoreCases(storeCases, harness());
    expect(failing.toSorted()).toEqual([...breaks].toSorted());
  });
});

describe('the store cases', () => {
  it('have a broken twin each', () => {
    const caught = new Set(brokenStores.flatMap(({ breaks }) => breaks));
    expect(names.filter((name) => !caught.has(name))).toEqual([]);
  });

  it('have names of their own, and so have the twins', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(brokenStores.map(({ name }) => name)).size).toBe(brokenStores.length);
  });

  it('leave out a case whose needs the harness does not meet', async () => {
    const { open } = memoryHarness();
    expect(await failingStoreCases(storeCases, { open })).toEqual([]);
  });
});
