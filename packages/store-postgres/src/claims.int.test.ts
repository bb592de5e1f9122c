import { pgbouncerNeeds, startPgbouncer } from '@hearth/emulators/pgbouncer';
import { postgresNeeds } from '@hearth/emulators/postgres';
import { workerCases, type WorkerHarness } from '@hearth/testing/conformance';
import { needs } from '@hearth/testing/needs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testServer } from '../test/server.ts';
import { postgresStore, type PostgresStore, type PostgresStoreOptions } from './postgres-store.ts';

const server = testServer();

beforeEach((context) => void needs(context, server.found, postgresNeeds));

function sweepers(count: number, sweepLeaseMs: number): readonly PostgresStore[] {
  const schema = server.schema();
  return Array.from({ length: count }, () =>
    postgresStore({ pool: server.pool(), schema, sweepLeaseMs }),
  );
}

const write = (n: number, due: number, expected: string | null = null) => ({
  key: `h/${String(n).padStart(2, '0')}`,
  expected,
  body: '',
  due,
  tags: {},
});

const numbers = Array.from({ length: 40 }, (_, n) => n);
const all = numbers.map((n) => write(n, n).key);

describe('sweepers that look at the same moment', () => {
  it('get different records, and all of them together', async () => {
    const stores = sweepers(4, 60_000);
    await stores[0]?.save(numbers.map((n) => write(n, n)));
    const pages = await Promise.all(stores.map((store) => store.due({ before: 99, limit: 15 })));
    const keys = pages.flatMap((page) => page.keys);
    expect(new Set(keys).size).toBe(keys.length);
    const rest = await stores[0]?.due({ before: 99, limit: 99 });
    expect([...new Set([...keys, ...(rest?.keys ?? [])])].toSorted()).toEqual(all);
  });

  it('all get everything if there are no leases', async () => {
    const stores = sweepers(2, 0);
    await stores[0]?.save(numbers.map((n) => write(n, n)));
    for (const store of stores) {
      expect((await store.due({ before: 99, limit: 99 })).keys).toEqual(all);
    }
  });
});

describe('a record that a sweeper has got', () => {
  it('is shown to that one again, and to the others when it is due anew', async () => {
    const [one, two] = sweepers(2, 60_000) as [PostgresStore, PostgresStore];
    await one.save([write(1, 1)]);
    expect((await one.due({ before: 1, limit: 9 })).keys).toEqual(['h/01']);
    expect((await one.due({ before: 1, limit: 9 })).keys).toEqual(['h/01']);
    expect((await two.due({ before: 1, limit: 9 })).keys).toEqual([]);
    await one.save([write(1, 2, '1')]);
    expect((await two.due({ before: 2, limit: 9 })).keys).toEqual(['h/01']);
  });

  it('is shown to the others when its lease is over', async () => {
    const [one, two] = sweepers(2, 30) as [PostgresStore, PostgresStore];
    await one.save([write(1, 1)]);
    await one.due({ before: 1, limit: 9 });
    const look = async () => (await two.due({ before: 1, limit: 9 })).keys;
    await expect.poll(look, { interval: 5 }).toEqual(['h/01']);
  });
});

describe('behind PgBouncer in transaction mode', () => {
  const opened: { close(): Promise<void> }[] = [];
  let stop: (() => Promise<void>) | undefined;

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await stop?.();
  });

  it('workers keep every promise that they keep without it', async (context) => {
    const database = needs(context, server.found, postgresNeeds);
    const pooler = needs(context, await startPgbouncer(database), pgbouncerNeeds);
    ({ stop } = pooler);
    const schema = server.schema();
    const options: PostgresStoreOptions = { connectionString: () => pooler.url, schema };
    const stores = [1, 2].map(() => postgresStore(options));
    opened.push(...stores);
    await Promise.all(stores.map((store) => store.load(['h/1'])));
    const harness: WorkerHarness = {
      async open() {
        await server.empty(schema);
        return stores;
      },
    };
    for (const { run } of workerCases) await run(harness);
  });
});
