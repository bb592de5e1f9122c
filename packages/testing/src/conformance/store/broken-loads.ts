import type { StoredRecord } from '@hearth/core/ports';
import { memoryHarness, twin, type BrokenStore } from './broken-store.ts';

/** Stores that break a promise of `load`. */
export const brokenLoads: readonly BrokenStore[] = [
  twin('states that it takes no writes', ['states what it can hold'], ({ capabilities }) => ({
    capabilities: { ...capabilities, writesPerRecordPerSecond: 0 },
  })),
  twin(
    'throws when it is asked for nothing',
    ['answers an empty call with an empty list'],
    (inner) => ({
      load: async (keys) => (keys.length === 0 ? fail() : inner.load(keys)),
    }),
  ),
  twin(
    'makes up an empty record for a key that it does not have',
    [
      'loads nothing for a key that was never saved',
      'answers in the order of the keys, with a gap where there is no record',
      'refuses a version of a record that is not there',
      'answers each write of a call by itself, in order',
      'takes a body of the largest size, in bytes, and not one byte more',
      'saves the other writes of a call when one does not fit',
      'refuses two writes of one key in one call and does nothing of it',
    ],
    (inner) => ({
      load: async (keys) =>
        (await inner.load(keys)).map((record, index) => record ?? empty(keys[index] ?? '')),
    }),
  ),
  twin(
    'keeps one byte of each sign',
    ['loads the body that was saved, sign by sign', 'keeps keys apart that only look alike'],
    (inner) => ({
      save: (writes) =>
        inner.save(
          writes.map((write) => ({
            ...write,
            body: Buffer.from(write.body, 'latin1').toString('latin1'),
          })),
        ),
    }),
  ),
  twin(
    'answers in key order',
    [
      'answers in the order of the keys, with a gap where there is no record',
      'answers a key that is asked for twice both times',
      'keeps keys apart that only look alike',
    ],
    (inner) => ({
      load: (keys) => inner.load(keys.toSorted()),
    }),
  ),
  twin(
    'leaves out of its answer what it does not have',
    [
      'loads nothing for a key that was never saved',
      'answers in the order of the keys, with a gap where there is no record',
      'refuses a version of a record that is not there',
      'answers each write of a call by itself, in order',
      'takes a body of the largest size, in bytes, and not one byte more',
      'saves the other writes of a call when one does not fit',
      'refuses two writes of one key in one call and does nothing of it',
    ],
    (inner) => ({
      load: async (keys) => (await inner.load(keys)).filter((record) => record !== undefined),
    }),
  ),
  twin(
    'answers a key once, however often it is asked for',
    ['answers a key that is asked for twice both times'],
    (inner) => ({
      load: (keys) => inner.load([...new Set(keys)]),
    }),
  ),
  twin(
    'loads no more than the first 100 keys',
    ['loads 250 records in one call', 'saves 120 writes of one call'],
    (inner) => ({
      load: async (keys) =>
        (await inner.load(keys)).map((record, index) => (index < 100 ? record : undefined)),
    }),
  ),
  twin(
    'loads from a replica that is one save behind once it has taken ten',
    [
      'loads 250 records in one call',
      'loads at least what was acknowledged before',
      'loses no increment of four writers who try again on conflict',
      'saves different records at once without a conflict',
    ],
    (inner) => {
      let behind = inner.clone();
      let saves = 0;
      return {
        load: (keys) => (saves > 10 ? behind : inner).load(keys),
        async save(writes) {
          behind = inner.clone();
          saves += 1;
          return inner.save(writes);
        },
      };
    },
  ),
  {
    name: 'begins empty when it is opened anew',
    breaks: ['keeps acknowledged saves when it is opened anew'],
    harness: () => ({ ...memoryHarness(), reopen: () => memoryHarness().open() }),
  },
];

function empty(key: string): StoredRecord {
  return { key, version: 'm0', body: '' };
}

function fail(): never {
  throw new Error('Nothing was asked for.');
}
