import {
  memoryStore,
  type MemoryStore,
  type SaveResult,
  type StateStore,
} from '@hearth/core/ports';
import { eachWrite, saveNow, versionOf, type Defect } from '../store/broken-store.ts';
import type { WorkerCase, WorkerHarness } from './worker-case.ts';

/** Stores with one defect that shows only among several workers, and the names of exactly the cases that must fail because of it. */
export interface BrokenFleet {
  readonly name: string;
  readonly breaks: readonly string[];
  harness(): WorkerHarness;
}

/** Workers on one memory store; each of them gets a broken twin of it if there is a defect. */
export function memoryFleet(defect: Defect = () => ({})): WorkerHarness {
  return {
    async open(count) {
      const inner = memoryStore();
      return Array.from({ length: count }, (): StateStore => ({ ...inner, ...defect(inner) }));
    },
  };
}

/** Runs cases one by one and names those that fail. */
export async function failingWorkerCases(
  cases: readonly WorkerCase[],
  harness: WorkerHarness,
): Promise<readonly string[]> {
  const failing: string[] = [];
  for (const { name, run } of cases) await run(harness).catch(() => failing.push(name));
  return failing;
}

const shows = 'shows each worker what the other was told is saved';
const sound = 'loses nothing and does nothing twice';
const same = `${sound} when two workers get the same inputs`;
const different = `${sound} when two workers get different inputs of the same records`;
const meddled = `${sound} when sweepers meddle with two workers`;
const lossy = `${sound} while saves conflict and answers are lost`;
const [dies5, dies11, dies18] = [5, 11, 18].map(
  (nth) => `${sound} when a worker dies at its step ${nth} and another gets its inputs`,
) as [string, string, string];
const left = 'delivers by racing sweeps what two workers left behind';
const fought = 'finds by its tags and its due instant what two workers fought over';

const dying = [dies5, dies11, dies18];
const working = [same, different, meddled, ...dying];

/** Twins of the memory store for two workers. */
export const brokenFleets: readonly BrokenFleet[] = [
  twin('lets the last of two writers win', [shows, ...working, lossy, left, fought], (inner) => ({
    save: (writes) =>
      eachWrite(inner, writes, (write) =>
        saveNow(inner, { ...write, expected: versionOf(inner, write.key) }),
      ),
  })),
  twin('lets the second of two creators win', [...working, left, fought], (inner) => ({
    save: (writes) =>
      eachWrite(inner, writes, (write) => {
        const expected = write.expected ?? versionOf(inner, write.key);
        return saveNow(inner, { ...write, expected });
      }),
  })),
  twin('takes a conflict for saved', [shows, ...working, lossy, left, fought], (inner) => ({
    save: (writes) =>
      eachWrite(inner, writes, (write) => {
        const result = saveNow(inner, write);
        const version = versionOf(inner, write.key) ?? '';
        return result.outcome === 'conflict' ? { outcome: 'saved', version } : result;
      }),
  })),
  twin('shows each worker what itself has saved last', [shows, ...working, lossy, fought], cached),
  twin('knows of nothing that is due', [...working, lossy, left, fought], () => ({
    due: async () => ({ keys: [] }),
  })),
  twin('gives the due entry of a record to whoever loses', [fought], (inner) =>
    losing(inner, (entry) => ({ ...entry, due: null })),
  ),
  twin('gives the tags of a record to whoever loses', [fought], (inner) =>
    losing(inner, (entry) => ({ ...entry, tags: {} })),
  ),
  twin(
    'saves late what it has refused',
    [shows, same, different, meddled, lossy, dies11, dies18, left, fought],
    late,
  ),
];

function twin(name: string, breaks: readonly string[], defect: Defect): BrokenFleet {
  return { name, breaks, harness: () => memoryFleet(defect) };
}

/** Answers from what this worker knows, as long as it knows anything. */
function cached(inner: MemoryStore): Partial<StateStore> {
  const own = new Map<string, ReturnType<MemoryStore['now']['load']>[number]>();
  return {
    async load(keys) {
      return keys.map((key) => {
        if (!own.has(key)) own.set(key, inner.now.load([key])[0]);
        return own.get(key);
      });
    },
    save: (writes) =>
      eachWrite(inner, writes, (write) => {
        const result = saveNow(inner, write);
        if (result.outcome === 'saved') own.set(write.key, { ...write, version: result.version });
        return result;
      }),
  };
}

type Entry = ReturnType<MemoryStore['snapshot']>['entries'][number];

/** Writes its index entries first, and takes them back in the wrong way when it has lost. */
function losing(inner: MemoryStore, spoil: (entry: Entry) => Entry): Partial<StateStore> {
  return {
    save: (writes) =>
      eachWrite(inner, writes, (write) => {
        const result = saveNow(inner, write);
        if (result.outcome !== 'conflict') return result;
        const { entries, versions } = inner.snapshot();
        const spoiled = entries.map((one) => (one.record.key === write.key ? spoil(one) : one));
        inner.restore({ versions, entries: spoiled });
        return result;
      }),
  };
}

/** A write that was refused happens after all, when the next one comes. */
function late(inner: MemoryStore): Partial<StateStore> {
  let waiting: Parameters<StateStore['save']>[0][number] | undefined;
  return {
    save: (writes) =>
      eachWrite(inner, writes, (write): SaveResult => {
        const { key } = waiting ?? write;
        if (waiting !== undefined) saveNow(inner, { ...waiting, expected: versionOf(inner, key) });
        const result = saveNow(inner, write);
        waiting = result.outcome === 'conflict' ? write : undefined;
        return result;
      }),
  };
}
