import { deepEqual, ok } from 'node:assert/strict';
import {
  allDue,
  allPages,
  numbered,
  outcomes,
  saveAll,
  saveOne,
  write,
  type StoreCase,
} from './store-case.ts';

/** What `due` promises. */
export const storeDueCases: readonly StoreCase[] = [
  {
    name: 'lists a record at its due instant and not a millisecond before',
    async run(harness) {
      const store = await harness.open();
      await saveOne(store, 'h/1', 'one', { due: 1_700_000_000_000 });
      deepEqual(await allDue(harness, store, 1_699_999_999_999), []);
      deepEqual(await allDue(harness, store, 1_700_000_000_000), ['h/1']);
    },
  },
  {
    name: 'lists what is due earliest first',
    async run(harness) {
      const store = await harness.open();
      const due = { 'h/a': 300, 'h/b': 20, 'h/c': 1_000, 'h/d': 100 };
      await saveAll(
        store,
        Object.entries(due).map(([key, at]) => write(key, key, { due: at })),
      );
      deepEqual(await allDue(harness, store, 1_000), ['h/b', 'h/d', 'h/a', 'h/c']);
    },
  },
  {
    name: 'does not list what is never due',
    async run(harness) {
      const store = await harness.open();
      await saveAll(store, [write('h/1', 'one'), write('h/2', 'two', { due: 0 })]);
      deepEqual(await allDue(harness, store, Number.MAX_SAFE_INTEGER), ['h/2']);
    },
  },
  {
    name: 'lists a record at its new due instant only',
    async run(harness) {
      const store = await harness.open();
      const later = await saveOne(store, 'h/later', 'one', { due: 10 });
      const sooner = await saveOne(store, 'h/sooner', 'one', { due: 30 });
      await saveAll(store, [
        write('h/later', 'two', { expected: later, due: 40 }),
        write('h/sooner', 'two', { expected: sooner, due: 20 }),
      ]);
      deepEqual(await allDue(harness, store, 19), []);
      deepEqual(await allDue(harness, store, 20), ['h/sooner']);
      deepEqual(await allDue(harness, store, 40), ['h/sooner', 'h/later']);
    },
  },
  {
    name: 'no longer lists a record that is due no more',
    async run(harness) {
      const store = await harness.open();
      const expected = await saveOne(store, 'h/1', 'one', { due: 10 });
      await saveOne(store, 'h/2', 'two', { due: 10 });
      await saveOne(store, 'h/1', 'done', { expected });
      deepEqual(await allDue(harness, store, 10), ['h/2']);
    },
  },
  {
    name: 'still lists a record whose due instant stays when its body changes',
    async run(harness) {
      const store = await harness.open();
      const expected = await saveOne(store, 'h/1', 'one', { due: 10 });
      await saveOne(store, 'h/1', 'two', { expected, due: 10 });
      deepEqual(await allDue(harness, store, 10), ['h/1']);
    },
  },
  {
    name: 'still lists a record after a write of it was refused',
    async run(harness) {
      const store = await harness.open();
      await saveOne(store, 'h/1', 'one', { due: 10 });
      const refused = await store.save([write('h/1', 'two', { expected: 'no version' })]);
      deepEqual(outcomes(refused), ['conflict']);
      deepEqual(await allDue(harness, store, 10), ['h/1']);
    },
  },
  {
    name: 'gives no more keys in a page than were asked for',
    async run(harness) {
      const store = await harness.open();
      await saveAll(
        store,
        numbered('h/', 12).map((key) => write(key, key, { due: 10 })),
      );
      await harness.settle?.();
      const page = await store.due({ before: 10, limit: 5 });
      ok(page.keys.length <= 5, `${page.keys.length} keys in a page of 5`);
    },
  },
  {
    name: 'pages through all that is due, once each',
    async run(harness) {
      const store = await harness.open();
      const keys = numbered('h/', 25);
      await saveAll(
        store,
        keys.map((key, index) => write(key, key, { due: 100 + index })),
      );
      deepEqual(await allDue(harness, store, 123, 4), keys.slice(0, 24));
    },
  },
  {
    name: 'pages through records that are due at the same instant, once each',
    async run(harness) {
      const store = await harness.open();
      const keys = numbered('h/', 11);
      await saveAll(
        store,
        keys.map((key) => write(key, key, { due: 100 })),
      );
      deepEqual((await allDue(harness, store, 100, 3)).toSorted(), keys);
    },
  },
  {
    name: 'gives each due record to exactly one shard, earliest first',
    async run({ open, settle }) {
      const store = await open();
      const keys = numbered('home/', 90);
      await saveAll(
        store,
        keys.map((key, index) => write(key, key, { due: index })),
      );
      await settle?.();
      const shards = [0, 1, 2].map((index) => ({ index, of: 3 }));
      const each = await Promise.all(
        shards.map((shard) =>
          allPages((cursor) => store.due({ before: 99, limit: 7, shard, ...cursor })),
        ),
      );
      deepEqual(each.flat().toSorted(), keys);
      for (const found of each) {
        ok(found.length > 5, `A shard of three has ${found.length} of 90 records.`);
        deepEqual(found, found.toSorted());
      }
    },
  },
  {
    name: 'lists all records in the only shard',
    async run({ open, settle }) {
      const store = await open();
      const keys = numbered('h/', 9);
      await saveAll(
        store,
        keys.map((key, index) => write(key, key, { due: index })),
      );
      await settle?.();
      const shard = { index: 0, of: 1 };
      deepEqual(await allPages((at) => store.due({ before: 9, limit: 4, shard, ...at })), keys);
    },
  },
];
