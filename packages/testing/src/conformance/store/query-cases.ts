import { deepEqual, ok } from 'node:assert/strict';
import {
  found,
  numbered,
  outcomes,
  saveAll,
  saveOne,
  write,
  type StoreCase,
} from './store-case.ts';

/** What `query` promises. */
export const storeQueryCases: readonly StoreCase[] = [
  {
    name: 'finds the records of a handler by tag and value',
    async run(harness) {
      const store = await harness.open();
      await saveAll(store, [
        write('light/1', 'a', { tags: { home: 'x' } }),
        write('light/2', 'b', { tags: { home: 'y' } }),
        write('light/3', 'c', { tags: { room: 'x' } }),
        write('light/4', 'd'),
        write('light/5', 'e', { tags: { home: 'x' } }),
        write('lock/1', 'f', { tags: { home: 'x' } }),
      ]);
      deepEqual(await found(harness, store, 'light', 'home', 'x'), ['light/1', 'light/5']);
      deepEqual(await found(harness, store, 'lock', 'home', 'x'), ['lock/1']);
      deepEqual(await found(harness, store, 'lock', 'home', 'z'), []);
    },
  },
  {
    name: 'keeps tags and values apart that only look alike',
    async run(harness) {
      const store = await harness.open();
      await saveAll(store, [
        write('a/1', '', { tags: { b: 'c/d', e: 'F' } }),
        write('a/2', '', { tags: { 'b/c': 'd', e: 'f' } }),
        write('ab/3', '', { tags: { b: 'c/d', e: 'f ' } }),
        write('A/4', '', { tags: { b: 'c/d' } }),
        write('a/5', '', { tags: { b: 'c' } }),
      ]);
      deepEqual(await found(harness, store, 'a', 'b', 'c/d'), ['a/1']);
      deepEqual(await found(harness, store, 'a', 'b/c', 'd'), ['a/2']);
      deepEqual(await found(harness, store, 'a', 'b', 'c'), ['a/5']);
      deepEqual(await found(harness, store, 'a', 'e', 'f'), ['a/2']);
      deepEqual(await found(harness, store, 'ab', 'e', 'f '), ['ab/3']);
    },
  },
  {
    name: 'finds a record by a value of any signs, none included',
    async run(harness) {
      const store = await harness.open();
      const values = ['', ' ', "'", '%', '_', '"', '\\', '*', 'ä', '😀', 'null', '0'];
      await saveAll(
        store,
        values.map((value, index) => write(`h/${index}`, '', { tags: { t: value } })),
      );
      for (const [index, value] of values.entries()) {
        deepEqual(await found(harness, store, 'h', 't', value), [`h/${index}`]);
      }
    },
  },
  {
    name: 'finds a record by each of its tags',
    async run(harness) {
      const store = await harness.open();
      await saveOne(store, 'h/1', '', { tags: { home: 'x', room: 'y', firmware: '2' } });
      deepEqual(await found(harness, store, 'h', 'home', 'x'), ['h/1']);
      deepEqual(await found(harness, store, 'h', 'room', 'y'), ['h/1']);
      deepEqual(await found(harness, store, 'h', 'firmware', '2'), ['h/1']);
    },
  },
  {
    name: 'finds a record by the new value of a tag only',
    async run(harness) {
      const store = await harness.open();
      const expected = await saveOne(store, 'h/1', '', { tags: { home: 'x', room: 'y' } });
      await saveOne(store, 'h/1', '', { expected, tags: { home: 'z', room: 'y' } });
      deepEqual(await found(harness, store, 'h', 'home', 'x'), []);
      deepEqual(await found(harness, store, 'h', 'home', 'z'), ['h/1']);
      deepEqual(await found(harness, store, 'h', 'room', 'y'), ['h/1']);
    },
  },
  {
    name: 'no longer finds a record by a tag that was taken off',
    async run(harness) {
      const store = await harness.open();
      const expected = await saveOne(store, 'h/1', '', { tags: { home: 'x', room: 'y' } });
      await saveOne(store, 'h/1', '', { expected, tags: { room: 'y' } });
      deepEqual(await found(harness, store, 'h', 'home', 'x'), []);
      deepEqual(await found(harness, store, 'h', 'room', 'y'), ['h/1']);
    },
  },
  {
    name: 'still finds a record after a write of it was refused',
    async run(harness) {
      const store = await harness.open();
      await saveOne(store, 'h/1', 'one', { tags: { home: 'x' } });
      const refused = await store.save([write('h/1', 'two', { expected: 'no version' })]);
      deepEqual(outcomes(refused), ['conflict']);
      deepEqual(await found(harness, store, 'h', 'home', 'x'), ['h/1']);
    },
  },
  {
    name: 'finds records in key order',
    async run(harness) {
      const store = await harness.open();
      for (const key of ['h/c', 'h/a', 'h/d', 'h/B', 'h/b', 'h/10', 'h/9']) {
        await saveOne(store, key, '', { tags: { t: 'v' } });
      }
      const order = ['h/10', 'h/9', 'h/B', 'h/a', 'h/b', 'h/c', 'h/d'];
      deepEqual(await found(harness, store, 'h', 't', 'v'), order);
    },
  },
  {
    name: 'pages through all that is found, once each',
    async run(harness) {
      const store = await harness.open();
      const keys = numbered('h/', 22);
      await saveAll(
        store,
        keys.map((key) => write(key, '', { tags: { t: 'v' } })),
      );
      deepEqual(await found(harness, store, 'h', 't', 'v', 5), keys);
    },
  },
  {
    name: 'finds no more records in a page than were asked for',
    async run({ open, settle }) {
      const store = await open();
      await saveAll(
        store,
        numbered('h/', 12).map((key) => write(key, '', { tags: { t: 'v' } })),
      );
      await settle?.();
      const { keys } = await store.query({ handler: 'h', tag: 't', value: 'v', limit: 5 });
      ok(keys.length <= 5, `${keys.length} keys in a page of 5`);
    },
  },
];
