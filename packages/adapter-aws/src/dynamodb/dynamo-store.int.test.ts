import { startDynalite, type Dynalite } from '@hearth/emulators/dynalite';
import { privacyCases, storeCases, workerCases } from '@hearth/testing/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables, type Tables } from '../../test/tables.ts';

let emulator: Dynalite;
let made: Tables;

beforeAll(async () => {
  emulator = await startDynalite();
  made = tables(emulator.url);
});

afterAll(async () => {
  made.stop();
  await emulator.stop();
});

describe('a store in DynamoDB, by dynalite', () => {
  it.each(storeCases)('$name', ({ run }) => run(made));
});

describe('personal data in DynamoDB, by dynalite', () => {
  it.each(privacyCases)('$name', ({ run }) => run(made));
});

describe('two workers on one table', () => {
  const open = async (count: number) => {
    const table = await made.table();
    return Array.from({ length: count }, () => made.store({ table }));
  };
  it.each(workerCases)('$name', ({ run }) => run({ open }));
});

describe('the due index', () => {
  const keys = Array.from({ length: 40 }, (_, i) => `h/${i}`);
  const write = (key: string, index: number) => ({
    key,
    expected: null,
    body: '',
    due: index,
    tags: {},
  });
  let table: string;

  beforeAll(async () => {
    table = await made.table();
    await made.store({ table }).save(keys.map(write));
  });

  // Of 12 parts: a divisor, a multiple, and numbers that are neither.
  it.each([1, 4, 5, 8, 12, 24])('gives each key to exactly one shard of %i', async (of) => {
    const store = made.store({ table });
    const found: string[] = [];
    for (let index = 0; index < of; index += 1) {
      let cursor: string | undefined;
      do {
        const at = cursor === undefined ? {} : { cursor };
        const page = await store.due({ before: 99, limit: 9, shard: { index, of }, ...at });
        found.push(...page.keys);
        ({ cursor } = page);
      } while (cursor !== undefined);
    }
    expect(found.toSorted()).toEqual(keys.toSorted());
  });

  it('refuses a page of no keys, and cursors that are none', async () => {
    const store = made.store({ table });
    await expect(store.due({ before: 1, limit: 0 })).rejects.toMatchObject({ field: 'limit' });
    for (const cursor of ['nonsense', '1', '{"0":2}', '{"0":["x","h/1"]}']) {
      const request = { before: 1, limit: 1, cursor };
      await expect(store.due(request)).rejects.toMatchObject({ field: 'cursor' });
    }
  });
});

it('takes 100 tags and not one more', async () => {
  const store = await made.open();
  const tags = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 'v']));
  const write = (key: string, count: number) => ({
    key,
    expected: null,
    body: '',
    due: null,
    tags: tags(count),
  });
  expect(await store.save([write('h/1', 100), write('h/2', 101)])).toMatchObject([
    { outcome: 'saved' },
    { outcome: 'failed', error: { code: 'limit-exceeded', field: 'tags', retryable: false } },
  ]);
});
