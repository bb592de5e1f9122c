import type { StateStore } from '@hearth/core';
import { memoryStore } from '@hearth/core/ports';
import { needs } from '@hearth/testing/needs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { recordedDay } from './day.ts';
import { differences } from './difference.ts';
import { directWay, live, once, twoWorkers, type Ending } from './living.ts';
import { places } from './places.ts';
import { databases, type Database, type Databases } from './stores.ts';
import type { Way } from './way.ts';

const day = recordedDay();

/** How the day ends without any trigger, message by message, in memory: what everything else is compared with. */
let expected: Ending;

beforeAll(async () => {
  expected = await live(day, directWay, memoryStore());
});

const pairs = places.flatMap(({ name, ways, stores }) =>
  stores.map((store) => ({ name, ways: ways.filter(({ variant }) => variant !== true), store })),
);

describe.each(pairs)('a day by $name, with $store,', ({ ways, store }) => {
  const { start, needs: needed = '' }: Databases = databases[store];
  let database: Database | undefined;

  beforeAll(async () => {
    database = await start();
  });

  afterAll(() => database?.stop());

  // The emulators have better days and worse ones.
  it.for(ways)('through $name, is the same day', { timeout: 60_000 }, async (way, test) => {
    const { open } = needs(test, database, needed);
    await sameDay(test, way, await open(), way.batches === true);
  });
});

const all = [...new Set([directWay, ...places.flatMap(({ ways }) => ways)])];

describe('a day in memory', () => {
  it.for(all.filter(({ batches }) => batches === true))(
    'through $name, message by message, is the same day',
    (way, test) => sameDay(test, way, memoryStore(), false),
  );

  it.for(all.filter(({ variant }) => variant === true))(
    'through $name, is the same day',
    (way, test) => sameDay(test, way, memoryStore(), way.batches === true),
  );
});

describe('a day that two workers are told at once', () => {
  const stores = ['SQLite', 'PostgreSQL'] as const;

  it.for(stores)('is the same day, with %s', async (store, test) => {
    const { start, needs: needed = '' }: Databases = databases[store];
    const { open, stop } = needs(test, await start(), needed);
    const ending = await live(day, twoWorkers, await open(), { together: true });
    await stop();
    expect(differences(once(expected), once(ending))).toEqual([]);
  });
});

/** Where a host delivers several messages at once, all that comes at one instant can be one delivery. */
async function sameDay(test: TestContext, way: Way, store: StateStore, together: boolean) {
  needs(test, way.missing === undefined ? way : undefined, way.missing ?? '');
  expect(differences(expected, await live(day, way, store, { together }))).toEqual([]);
}
