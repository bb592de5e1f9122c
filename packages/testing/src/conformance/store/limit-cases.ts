import { deepEqual, equal, rejects } from 'node:assert/strict';
import type { SaveResult } from '@hearth/core/ports';
import { bodies, outcomes, saveAll, write, type StoreCase } from './store-case.ts';

// Each differs from another by what some database folds, trims, decodes, normalises or forbids.
const lookalikes = [
  'h/a',
  'h/A',
  'h/a ',
  'h/ a',
  'h/ä',
  'h/a\u0308',
  'h/a/',
  'h//a',
  'h/%61',
  'h/../a',
  'h/.',
  'h/__a__',
  "h/a'b",
  'h/a"b',
  'h/a\\b',
  'h/a#b?c=d&e+f*g:h|i',
  'h/ａ',
  'h/😀',
  'h/0',
  'h/00',
  'H/a',
];

/** What fits into a store, and what becomes of what does not. */
export const storeLimitCases: readonly StoreCase[] = [
  {
    name: 'keeps keys apart that only look alike',
    async run({ open }) {
      const store = await open();
      await saveAll(
        store,
        lookalikes.map((key) => write(key, `of ${key}`)),
      );
      const records = await store.load(lookalikes);
      deepEqual(
        records.map((record) => [record?.key, record?.body]),
        lookalikes.map((key) => [key, `of ${key}`]),
      );
    },
  },
  {
    name: 'takes a body of the largest size, in bytes, and not one byte more',
    async run({ open }) {
      const store = await open();
      const { maxRecordBytes } = store.capabilities;
      const largest = `${maxRecordBytes % 2 ? 'x' : ''}${'ä'.repeat(Math.floor(maxRecordBytes / 2))}`;
      const results = await store.save([write('h/1', largest), write('h/2', `${largest}x`)]);
      deepEqual(outcomes(results), ['saved', 'failed']);
      deepEqual(refusal(results[1]), { code: 'record-too-large', retryable: false });
      deepEqual(await bodies(store, ['h/1', 'h/2']), [largest, undefined]);
    },
  },
  {
    name: 'leaves a record as it is when its new body is too large',
    async run({ open }) {
      const store = await open();
      const [expected = null] = await saveAll(store, [write('h/1', 'one')]);
      const body = 'x'.repeat(store.capabilities.maxRecordBytes + 1);
      const results = await store.save([write('h/1', body, { expected })]);
      deepEqual(refusal(results[0]), { code: 'record-too-large', retryable: false });
      deepEqual(await store.load(['h/1']), [{ key: 'h/1', version: expected, body: 'one' }]);
    },
  },
  {
    name: 'takes a key of the largest size, in bytes, and not one byte more',
    async run({ open }) {
      const store = await open();
      const { maxKeyBytes } = store.capabilities;
      const prefix = maxKeyBytes % 2 ? 'hh/' : 'h/';
      const key = prefix + 'ä'.repeat((maxKeyBytes - prefix.length) / 2);
      const results = await store.save([write(key, 'one'), write(`${key}x`, 'two')]);
      deepEqual(outcomes(results), ['saved', 'failed']);
      equal(refusal(results[1]).retryable, false);
      deepEqual(await bodies(store, [key]), ['one']);
    },
  },
  {
    name: 'saves the other writes of a call when one does not fit',
    async run({ open }) {
      const store = await open();
      const body = 'x'.repeat(store.capabilities.maxRecordBytes + 1);
      const results = await store.save([write('h/1', 'a'), write('h/2', body), write('h/3', 'c')]);
      deepEqual(outcomes(results), ['saved', 'failed', 'saved']);
      deepEqual(await bodies(store, ['h/1', 'h/2', 'h/3']), ['a', undefined, 'c']);
    },
  },
  {
    name: 'refuses two writes of one key in one call and does nothing of it',
    async run({ open }) {
      const store = await open();
      const writes = [write('h/1', 'one'), write('h/2', 'two'), write('h/1', 'three')];
      await rejects(store.save(writes), { code: 'duplicate-key' });
      deepEqual(await bodies(store, ['h/1', 'h/2']), [undefined, undefined]);
    },
  },
];

function refusal(result: SaveResult | undefined) {
  if (result?.outcome !== 'failed')
    throw new Error(`The write was ${result?.outcome}, not failed.`);
  const { code, retryable } = result.error;
  return { code, retryable };
}
