import { memoryHarness, twin, versionOf, type BrokenStore } from './broken-store.ts';

/** Stores that break a promise of `erase`. */
export const brokenErasures: readonly BrokenStore[] = [
  twin(
    'removes a record instead of leaving a tombstone',
    [
      'puts a tombstone in the place of an erased record',
      'refuses a save with a version from before the erasure',
    ],
    (inner) => ({
      async erase(writes) {
        const results = await inner.erase(writes);
        const { entries, versions } = inner.snapshot();
        const keys = new Set(
          writes.filter((_, i) => results[i]?.outcome === 'saved').map(({ key }) => key),
        );
        inner.restore({ versions, entries: entries.filter(({ record }) => !keys.has(record.key)) });
        return results;
      },
    }),
  ),
  twin(
    'erases over any version',
    ['erases nothing over a version that is no longer the last'],
    (inner) => ({
      erase: (writes) =>
        inner.erase(writes.map((write) => ({ ...write, expected: versionOf(inner, write.key) }))),
    }),
  ),
  twin(
    'keeps the version of an erased record',
    [
      'puts a tombstone in the place of an erased record',
      'refuses a save with a version from before the erasure',
    ],
    (inner) => ({
      async erase(writes) {
        const results = await inner.erase(writes);
        const { entries, versions } = inner.snapshot();
        inner.restore({
          versions,
          entries: entries.map((entry) => {
            const write = writes.find(({ key }) => key === entry.record.key);
            const version = write?.expected ?? entry.record.version;
            return { ...entry, record: { ...entry.record, version } };
          }),
        });
        return results;
      },
    }),
  ),
  twin(
    'keeps the index entries of an erased record',
    ['takes an erased record out of the indexes', 'leaves nothing of an erased record to be read'],
    (inner) => ({
      erase(writes) {
        const old = inner.snapshot().entries;
        return inner.erase(
          writes.map((write) => ({
            ...write,
            ...old.find(({ record }) => record.key === write.key),
            record: undefined,
          })),
        );
      },
    }),
  ),
  withHistory(),
];

/** Keeps every body it ever saved, as a log-structured store does until it is compacted. */
function withHistory(): BrokenStore {
  return {
    name: 'keeps the history of an erased record',
    breaks: ['leaves nothing of an erased record to be read'],
    harness() {
      const history: string[] = [];
      const harness = memoryHarness((inner) => ({
        async save(writes) {
          history.push(JSON.stringify(writes));
          return inner.save(writes);
        },
      }));
      const contains = async (_: unknown, text: string) =>
        history.some((line) => line.includes(text));
      return { ...harness, contains };
    },
  };
}
