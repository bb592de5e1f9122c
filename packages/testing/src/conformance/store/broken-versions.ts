import type { MemoryEntry } from '@hearth/core/ports';
import { eachWrite, rewriting, saveNow, twin, type BrokenStore } from './broken-store.ts';

/** Stores that take a version for what it is not. */
export const brokenVersions: readonly BrokenStore[] = [
  rewriting(
    'creates over what is there',
    [
      'creates a record only where there is none',
      'lets exactly one of two creators win',
      'refuses a save with a version from before the erasure',
    ],
    (write, old) => ({ ...write, expected: write.expected ?? version(old) }),
  ),
  rewriting(
    'lets the last writer win',
    [
      'refuses a version that is no longer the last',
      'refuses a version that it never gave',
      'lets exactly one of two writers with the same version win',
      'loses no increment of four writers who try again on conflict',
      'answers each write of a call by itself, in order',
      'still lists a record after a write of it was refused',
      'still finds a record after a write of it was refused',
      'refuses a save with a version from before the erasure',
    ],
    (write, old) => ({ ...write, expected: write.expected && (version(old) ?? write.expected) }),
  ),
  rewriting(
    'creates a record where a version is expected',
    [
      'refuses a version of a record that is not there',
      'answers each write of a call by itself, in order',
    ],
    (write, old) => ({ ...write, expected: old === undefined ? null : write.expected }),
  ),
  rewriting(
    'takes an empty version for any',
    ['refuses a version that it never gave'],
    (write, old) => ({ ...write, expected: write.expected === '' ? version(old) : write.expected }),
  ),
  twin(
    'answers an update with another version than it loads',
    [
      'loads at least what was acknowledged before',
      'saves over the version that the last save gave',
      'gives each save of a record a version of its own, also when the body stays',
      'refuses a version that is no longer the last',
      'gives each write of a call the version of its own record',
      'leaves nothing of an erased record to be read',
    ],
    (inner) => ({
      save: (writes) =>
        eachWrite(inner, writes, (write) => {
          const result = saveNow(inner, write);
          if (result.outcome !== 'saved' || write.expected === null) return result;
          return { ...result, version: `${result.version}+` };
        }),
    }),
  ),
  twin(
    'loads another version than it saved',
    [
      'loads at least what was acknowledged before',
      'keeps acknowledged saves when it is opened anew',
      'saves over the version that was loaded',
      'refuses a version that is no longer the last',
      'loses no increment of four writers who try again on conflict',
      'gives each write of a call the version of its own record',
      'leaves a record as it is when its new body is too large',
      'puts a tombstone in the place of an erased record',
    ],
    (inner) => ({
      load: async (keys) =>
        (await inner.load(keys)).map(
          (record) => record && { ...record, version: `${record.version}+` },
        ),
    }),
  ),
  twin(
    'keeps the version when the body stays',
    [
      'gives each save of a record a version of its own, also when the body stays',
      'finds a record by the new value of a tag only',
      'no longer finds a record by a tag that was taken off',
    ],
    (inner) => ({
      save: async (writes) =>
        eachWrite(inner, writes, ({ key, body, expected }) => {
          const [old] = inner.now.load([key]);
          const same = old !== undefined && old.body === body && old.version === expected;
          return same ? { outcome: 'saved', version: old.version } : undefined;
        }),
    }),
  ),
  twin(
    'answers with the version of the last write for all',
    ['gives each write of a call the version of its own record'],
    (inner) => ({
      save: async (writes) => {
        const results = await inner.save(writes);
        const last = results.findLast(({ outcome }) => outcome === 'saved');
        return results.map((result) => (result.outcome === 'saved' && last ? last : result));
      },
    }),
  ),
];

function version(old: MemoryEntry | undefined): string | null {
  return old?.record.version ?? null;
}
