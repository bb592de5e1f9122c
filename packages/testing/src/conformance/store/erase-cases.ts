import { deepEqual, equal } from 'node:assert/strict';
import {
  allDue,
  bodies,
  found,
  numbered,
  outcomes,
  saveOne,
  write,
  type StoreCase,
} from './store-case.ts';

/** What `erase` promises. */
export const storeEraseCases: readonly StoreCase[] = [
  {
    name: 'puts a tombstone in the place of an erased record',
    async run({ open }) {
      const store = await open();
      const expected = await saveOne(store, 'h/1', 'one');
      const results = await store.erase([
        write('h/1', 'tombstone', { expected }),
        write('h/2', 'tombstone'),
      ]);
      deepEqual(outcomes(results), ['saved', 'saved']);
      const records = await store.load(['h/1', 'h/2']);
      deepEqual(
        records.map((record) => [record?.version, record?.body]),
        results.map((result) => [result.outcome === 'saved' && result.version, 'tombstone']),
      );
    },
  },
  {
    name: 'erases nothing over a version that is no longer the last',
    async run({ open }) {
      const store = await open();
      const expected = await saveOne(store, 'h/1', 'one');
      await saveOne(store, 'h/1', 'two', { expected });
      const results = await store.erase([write('h/1', 'tombstone', { expected })]);
      deepEqual(outcomes(results), ['conflict']);
      deepEqual(await bodies(store, ['h/1']), ['two']);
    },
  },
  {
    name: 'refuses a save with a version from before the erasure',
    async run({ open }) {
      const store = await open();
      const expected = await saveOne(store, 'h/1', 'one');
      await store.erase([write('h/1', 'tombstone', { expected })]);
      const late = await store.save([write('h/1', 'late', { expected }), write('h/2', 'other')]);
      deepEqual(outcomes(late), ['conflict', 'saved']);
      deepEqual(outcomes(await store.save([write('h/1', 'new')])), ['conflict']);
      deepEqual(await bodies(store, ['h/1']), ['tombstone']);
    },
  },
  {
    name: 'takes an erased record out of the indexes',
    async run(harness) {
      const store = await harness.open();
      const expected = await saveOne(store, 'h/1', 'one', { due: 5, tags: { home: 'x' } });
      await store.erase([write('h/1', 'tombstone', { expected })]);
      deepEqual(await allDue(harness, store, 9), []);
      deepEqual(await found(harness, store, 'h', 'home', 'x'), []);
    },
  },
  {
    name: 'leaves nothing of an erased record to be read',
    needs: 'contains',
    async run({ open, contains }) {
      const store = await open();
      let expected: string | null = null;
      for (const number of numbered('', 30)) {
        const tags = { person: `tag-of-ada-${number}` };
        const body = `{"who":"ada-lovelace-${number}${'.'.repeat(Number(number) * 40)}"}`;
        expected = await saveOne(store, 'h/1', body, { expected, due: 5, tags });
      }
      await saveOne(store, 'h/2', '{"who":"bob-boole"}');
      equal(
        await contains?.(store, 'ada-lovelace-029'),
        true,
        'The harness must see a live record.',
      );
      await store.erase([write('h/1', '{}', { expected })]);
      equal(await contains?.(store, 'bob-boole'), true, 'The harness must see another record.');
      equal(await contains?.(store, 'ada-lovelace'), false, 'A body of the record is still there.');
      equal(await contains?.(store, 'tag-of-ada'), false, 'A tag of the record is still there.');
    },
  },
];
