import { deepEqual, equal, ok } from 'node:assert/strict';
import { bodies, numbered, saveAll, saveOne, write, type StoreCase } from './store-case.ts';

const difficult = 'a"\\\n\t\u007f\u2028 é ö ﬁ 𝄞 👩‍👩‍👧 \ufeff {"json":[1,2.50,null]} %41 \'; --';

/** What `load` promises. */
export const storeLoadCases: readonly StoreCase[] = [
  {
    name: 'states what it can hold',
    async run({ open }) {
      const { capabilities } = await open();
      ok(capabilities.maxRecordBytes >= 10_000, 'maxRecordBytes');
      ok(capabilities.maxKeyBytes >= 255, 'maxKeyBytes');
      ok(capabilities.indexLagMs >= 0, 'indexLagMs');
      ok(capabilities.writesPerRecordPerSecond > 0, 'writesPerRecordPerSecond');
      ok(['crash-safe', 'best-effort', 'none'].includes(capabilities.durability), 'durability');
    },
  },
  {
    name: 'answers an empty call with an empty list',
    async run({ open }) {
      const store = await open();
      deepEqual(await store.load([]), []);
      deepEqual(await store.save([]), []);
      deepEqual(await store.erase([]), []);
    },
  },
  {
    name: 'loads nothing for a key that was never saved',
    async run({ open }) {
      const store = await open();
      deepEqual(await store.load(['h/none']), [undefined]);
    },
  },
  {
    name: 'loads the body that was saved, sign by sign',
    async run({ open }) {
      const store = await open();
      await saveAll(store, [
        write('h/1', difficult),
        write('h/2', ''),
        write('h/3', 'ä€𝄞'.repeat(999)),
      ]);
      deepEqual(await bodies(store, ['h/1', 'h/2', 'h/3']), [difficult, '', 'ä€𝄞'.repeat(999)]);
    },
  },
  {
    name: 'answers in the order of the keys, with a gap where there is no record',
    async run({ open }) {
      const store = await open();
      await saveAll(store, [write('h/1', 'one'), write('h/2', 'two'), write('h/3', 'three')]);
      const records = await store.load(['h/3', 'h/none', 'h/1', 'h/2']);
      deepEqual(
        records.map((record) => record && [record.key, record.body]),
        [['h/3', 'three'], undefined, ['h/1', 'one'], ['h/2', 'two']],
      );
    },
  },
  {
    name: 'answers a key that is asked for twice both times',
    async run({ open }) {
      const store = await open();
      await saveAll(store, [write('h/1', 'one'), write('h/2', 'two')]);
      deepEqual(await bodies(store, ['h/1', 'h/2', 'h/1']), ['one', 'two', 'one']);
    },
  },
  {
    name: 'loads 250 records in one call',
    async run({ open }) {
      const store = await open();
      const keys = numbered('h/', 250);
      for (const key of keys) await saveOne(store, key, `body of ${key}`);
      deepEqual(
        await bodies(store, keys),
        keys.map((key) => `body of ${key}`),
      );
    },
  },
  {
    name: 'loads at least what was acknowledged before',
    async run({ open }) {
      const store = await open();
      let expected: string | null = null;
      for (const body of numbered('', 20)) {
        expected = await saveOne(store, 'h/1', body, { expected });
        const [record] = await store.load(['h/1']);
        equal(record?.body, body);
        equal(record?.version, expected);
      }
    },
  },
  {
    name: 'keeps acknowledged saves when it is opened anew',
    needs: 'reopen',
    async run({ open, reopen, ...harness }) {
      const store = await open();
      const version = await saveOne(store, 'h/1', 'one', { due: 5, tags: { home: 'x' } });
      const again = (await reopen?.(store)) ?? store;
      deepEqual(await again.load(['h/1']), [{ key: 'h/1', version, body: 'one' }]);
      await harness.settle?.();
      deepEqual((await again.due({ before: 5, limit: 9 })).keys, ['h/1']);
      const query = { handler: 'h', tag: 'home', value: 'x', limit: 9 };
      deepEqual((await again.query(query)).keys, ['h/1']);
      await saveOne(again, 'h/1', 'two', { expected: version });
    },
  },
];
