import {
  assertDistinctKeys,
  memoryStore,
  type MemoryEntry,
  type MemoryStore,
  type RecordWrite,
  type SaveResult,
  type StateStore,
  type StoreCapabilities,
} from '@hearth/core/ports';
import type { StoreCase, StoreHarness } from './store-case.ts';

/** A store with one defect, and the names of exactly the cases that must fail because of it. */
export interface BrokenStore {
  readonly name: string;
  readonly breaks: readonly string[];
  harness(): StoreHarness;
}

/** What a twin does otherwise than the memory store it wraps. */
export type Defect = (inner: MemoryStore) => Partial<StateStore>;

/** A harness over memory stores; with a defect, over a broken twin of them. It can do all that a case may need. */
export function memoryHarness(
  defect: Defect = () => ({}),
  capabilities: Partial<StoreCapabilities> = {},
): Required<StoreHarness> {
  const inners = new WeakMap<StateStore, MemoryStore>();
  const adopt = (inner: MemoryStore): StateStore => {
    const store = { ...inner, ...defect(inner) };
    inners.set(store, inner);
    return store;
  };
  const innerOf = (store: StateStore): MemoryStore => {
    const inner = inners.get(store);
    if (inner === undefined) throw new Error('This store was not opened by this harness.');
    return inner;
  };
  return {
    open: async () => adopt(memoryStore(capabilities)),
    reopen: async (store) => adopt(innerOf(store).clone()),
    contains: async (store, text) => JSON.stringify(innerOf(store).snapshot()).includes(text),
    settle: async () => undefined,
  };
}

/** Describes a twin by its defect. `capabilities` are those of the store that it wraps. */
export function twin(
  name: string,
  breaks: readonly string[],
  defect: Defect,
  capabilities: Partial<StoreCapabilities> = {},
): BrokenStore {
  return { name, breaks, harness: () => memoryHarness(defect, capabilities) };
}

/** A twin that saves something else than it was given; `old` is the record as it was. */
export function rewriting(
  name: string,
  breaks: readonly string[],
  rewrite: (write: RecordWrite, old: MemoryEntry | undefined) => RecordWrite,
): BrokenStore {
  return twin(name, breaks, (inner) => ({
    save: (writes) =>
      eachWrite(inner, writes, (write) => {
        const old = inner.snapshot().entries.find(({ record }) => record.key === write.key);
        return saveNow(inner, rewrite(write, old));
      }),
  }));
}

/** Saves write by write, at once; `save` may do otherwise than the store would. */
export async function eachWrite(
  inner: MemoryStore,
  writes: readonly RecordWrite[],
  save: (write: RecordWrite, index: number) => SaveResult | undefined,
): Promise<readonly SaveResult[]> {
  assertDistinctKeys(writes);
  return writes.map((write, index) => save(write, index) ?? saveNow(inner, write));
}

/** Saves one write at once. */
export function saveNow(inner: MemoryStore, write: RecordWrite): SaveResult {
  return inner.now.save([write])[0] ?? { outcome: 'conflict' };
}

/** The version that a record has now. */
export function versionOf(inner: MemoryStore, key: string): string | null {
  return inner.now.load([key])[0]?.version ?? null;
}

/** Runs cases one by one and names those that fail. A case whose `needs` are not met is left out. */
export async function failingStoreCases(
  cases: readonly StoreCase[],
  harness: StoreHarness,
): Promise<readonly string[]> {
  const failing: string[] = [];
  for (const { name, needs, run } of cases) {
    if (needs !== undefined && harness[needs] === undefined) continue;
    await run(harness).catch(() => failing.push(name));
  }
  return failing;
}
