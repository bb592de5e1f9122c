import type { MemoryStore, RecordWrite, SaveResult } from '@hearth/core/ports';
import { eachWrite, saveNow, twin, versionOf, type BrokenStore } from './broken-store.ts';

/** Stores that lose or mix up writes. */
export const brokenSaves: readonly BrokenStore[] = [
  twin(
    'checks a version, waits, and writes',
    [
      'lets exactly one of two writers with the same version win',
      'loses no increment of four writers who try again on conflict',
    ],
    (inner) => ({
      save: (writes) => checkFirst(inner, writes, (expected) => expected !== null),
    }),
  ),
  twin(
    'checks that there is no record, waits, and creates one',
    ['lets exactly one of two creators win'],
    (inner) => ({
      save: (writes) => checkFirst(inner, writes, (expected) => expected === null),
    }),
  ),
  twin(
    'answers conflict to whoever comes while it is busy',
    ['saves different records at once without a conflict'],
    (inner) => {
      let busy = false;
      return {
        async save(writes) {
          if (busy) return writes.map(() => ({ outcome: 'conflict' }));
          busy = true;
          await Promise.resolve();
          busy = false;
          return inner.save(writes);
        },
      };
    },
  ),
  twin(
    'stops at the first conflict',
    [
      'answers each write of a call by itself, in order',
      'refuses a save with a version from before the erasure',
    ],
    (inner) => ({
      save: async (writes) => {
        let stopped = false;
        return eachWrite(inner, writes, (write) => {
          if (stopped) return { outcome: 'conflict' };
          const result = saveNow(inner, write);
          stopped = result.outcome === 'conflict';
          return result;
        });
      },
    }),
  ),
  twin(
    'answers conflicts last',
    [
      'answers each write of a call by itself, in order',
      'refuses a save with a version from before the erasure',
    ],
    (inner) => ({
      save: async (writes) =>
        (await inner.save(writes)).toSorted(
          (a, b) => Number(a.outcome === 'conflict') - Number(b.outcome === 'conflict'),
        ),
    }),
  ),
  twin(
    'drops a write in the middle of a call',
    [
      'answers each write of a call by itself, in order',
      'keeps tags and values apart that only look alike',
    ],
    (inner) => ({
      save: (writes) =>
        eachWrite(inner, writes, (_, index) =>
          index === 2 && writes.length === 5 ? dropped : undefined,
        ),
    }),
  ),
  twin('drops what comes after 100 writes', ['saves 120 writes of one call'], (inner) => ({
    save: (writes) => eachWrite(inner, writes, (_, index) => (index < 100 ? undefined : dropped)),
  })),
];

const dropped: SaveResult = { outcome: 'saved', version: 'm0' };

/** Compares, lets others in between, and swaps: not compare-and-swap. */
async function checkFirst(
  inner: MemoryStore,
  writes: readonly RecordWrite[],
  applies: (expected: string | null) => boolean,
): Promise<readonly SaveResult[]> {
  const before = await inner.load(writes.map(({ key }) => key));
  return eachWrite(inner, writes, (write, index) => {
    if (!applies(write.expected)) return undefined;
    if ((before[index]?.version ?? null) !== write.expected) return { outcome: 'conflict' };
    return saveNow(inner, { ...write, expected: versionOf(inner, write.key) });
  });
}
