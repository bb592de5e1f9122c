import { deepEqual, equal, notEqual } from 'node:assert/strict';
import type { StateStore } from '@hearth/core/ports';
import {
  bodies,
  numbered,
  outcomes,
  saveAll,
  saveOne,
  write,
  type StoreCase,
} from './store-case.ts';

/** What `save` promises. */
export const storeSaveCases: readonly StoreCase[] = [
  {
    name: 'creates a record only where there is none',
    async run({ open }) {
      const store = await open();
      await saveOne(store, 'h/1', 'one');
      deepEqual(outcomes(await store.save([write('h/1', 'two')])), ['conflict']);
      deepEqual(await bodies(store, ['h/1']), ['one']);
    },
  },
  {
    name: 'saves over the version that was loaded',
    async run({ open }) {
      const store = await open();
      const first = await saveOne(store, 'h/1', 'one');
      const [record] = await store.load(['h/1']);
      deepEqual(record, { key: 'h/1', version: first, body: 'one' });
      await saveOne(store, 'h/1', 'two', { expected: record?.version ?? null });
      deepEqual(await bodies(store, ['h/1']), ['two']);
    },
  },
  {
    name: 'saves over the version that the last save gave',
    async run({ open }) {
      const store = await open();
      const first = await saveOne(store, 'h/1', 'one');
      const second = await saveOne(store, 'h/1', 'two', { expected: first });
      await saveOne(store, 'h/1', 'three', { expected: second });
      deepEqual(await bodies(store, ['h/1']), ['three']);
    },
  },
  {
    name: 'gives each save of a record a version of its own, also when the body stays',
    async run({ open }) {
      const store = await open();
      const versions = new Set<string>();
      let expected: string | null = null;
      for (let i = 0; i < 12; i += 1) {
        expected = await saveOne(store, 'h/1', 'the same', { expected });
        versions.add(expected);
      }
      equal(versions.size, 12);
    },
  },
  {
    name: 'refuses a version that is no longer the last',
    async run({ open }) {
      const store = await open();
      const first = await saveOne(store, 'h/1', 'one');
      const second = await saveOne(store, 'h/1', 'two', { expected: first });
      const late = await store.save([write('h/1', 'late', { expected: first })]);
      deepEqual(outcomes(late), ['conflict']);
      deepEqual(await store.load(['h/1']), [{ key: 'h/1', version: second, body: 'two' }]);
    },
  },
  {
    name: 'refuses a version of a record that is not there',
    async run({ open }) {
      const store = await open();
      const version = await saveOne(store, 'h/1', 'one');
      const results = await store.save([write('h/2', 'two', { expected: version })]);
      deepEqual(outcomes(results), ['conflict']);
      deepEqual(await bodies(store, ['h/1', 'h/2']), ['one', undefined]);
    },
  },
  {
    name: 'refuses a version that it never gave',
    async run({ open }) {
      const store = await open();
      await saveOne(store, 'h/1', 'one');
      for (const expected of ['', 'no version', '999999999']) {
        const results = await store.save([write('h/1', 'two', { expected })]);
        deepEqual(outcomes(results), ['conflict']);
      }
      deepEqual(await bodies(store, ['h/1']), ['one']);
    },
  },
  {
    name: 'lets exactly one of two writers with the same version win',
    async run({ open }) {
      const store = await open();
      const expected = await saveOne(store, 'h/1', 'one');
      await race(store, expected, ['left', 'right']);
    },
  },
  {
    name: 'lets exactly one of two creators win',
    async run({ open }) {
      await race(await open(), null, ['left', 'right']);
    },
  },
  {
    name: 'loses no increment of four writers who try again on conflict',
    async run({ open }) {
      const store = await open();
      await saveOne(store, 'h/count', '0');
      await Promise.all(Array.from({ length: 4 }, () => incrementFiveTimes(store)));
      deepEqual(await bodies(store, ['h/count']), ['20']);
    },
  },
  {
    name: 'saves different records at once without a conflict',
    async run({ open }) {
      const store = await open();
      const keys = numbered('h/', 40);
      await Promise.all(keys.map((key) => saveOne(store, key, key)));
      deepEqual(await bodies(store, keys), keys);
    },
  },
  {
    name: 'answers each write of a call by itself, in order',
    async run({ open }) {
      const store = await open();
      const first = await saveOne(store, 'h/3', 'old');
      const second = await saveOne(store, 'h/3', 'new', { expected: first });
      const results = await store.save([
        write('h/5', 'five'),
        write('h/3', 'lost', { expected: first }),
        write('h/1', 'one'),
        write('h/2', 'lost', { expected: second }),
        write('h/4', 'four'),
      ]);
      deepEqual(outcomes(results), ['saved', 'conflict', 'saved', 'conflict', 'saved']);
      const keys = ['h/1', 'h/2', 'h/3', 'h/4', 'h/5'];
      deepEqual(await bodies(store, keys), ['one', undefined, 'new', 'four', 'five']);
    },
  },
  {
    name: 'gives each write of a call the version of its own record',
    async run({ open }) {
      const store = await open();
      const old = await saveOne(store, 'h/2', 'old');
      const writes = [
        write('h/1', 'one'),
        write('h/2', 'two', { expected: old }),
        write('h/3', 'x'),
      ];
      const versions = await saveAll(store, writes);
      const records = await store.load(['h/1', 'h/2', 'h/3']);
      deepEqual(
        records.map((record) => record?.version),
        versions,
      );
      notEqual(versions[1], old);
    },
  },
  {
    name: 'saves 120 writes of one call',
    async run({ open }) {
      const store = await open();
      const keys = numbered('h/', 120);
      await saveAll(
        store,
        keys.map((key) => write(key, key)),
      );
      deepEqual(await bodies(store, keys), keys);
    },
  },
];

async function race(store: StateStore, expected: string | null, words: readonly string[]) {
  const writers = words.map((body) => store.save([write('h/1', body, { expected })]));
  const results = (await Promise.all(writers)).flat();
  deepEqual([...outcomes(results)].toSorted(), ['conflict', 'saved']);
  const winner = words[results.findIndex(({ outcome }) => outcome === 'saved')];
  deepEqual(await bodies(store, ['h/1']), [winner]);
}

async function incrementFiveTimes(store: StateStore): Promise<void> {
  let done = 0;
  for (let tries = 0; done < 5 && tries < 1_000; tries += 1) {
    const [record] = await store.load(['h/count']);
    const body = String(Number(record?.body) + 1);
    const results = await store.save([
      write('h/count', body, { expected: record?.version ?? null }),
    ]);
    if (results[0]?.outcome === 'saved') done += 1;
  }
}
