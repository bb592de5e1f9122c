import { describe, expect, it } from 'vitest';
import { brokenFleets, failingWorkerCases, memoryFleet } from './broken-fleets.ts';
import { workerCases } from './worker-cases.ts';

const names = workerCases.map(({ name }) => name);

describe('workers on one memory store', () => {
  it.each(workerCases)('$name', ({ run }) => run(memoryFleet()));
});

describe('workers on a store that', () => {
  it.each(brokenFleets)('$name fail in exactly the cases named', async ({ breaks, harness }) => {
    const failing = await failingWorkerCases(workerCases, harness());
    expect(failing.toSorted()).toEqual([...breaks].toSorted());
  });
});

describe('the worker cases', () => {
  it('have a broken twin each', () => {
    const caught = new Set(brokenFleets.flatMap(({ breaks }) => breaks));
    expect(names.filter((name) => !caught.has(name))).toEqual([]);
  });

  it('have names of their own, and so have the twins', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(brokenFleets.map(({ name }) => name)).size).toBe(brokenFleets.length);
  });
});
