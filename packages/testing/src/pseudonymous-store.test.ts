import { pseudonymousStore } from '@hearth/core/privacy';
import { memoryStore, type MemoryStore, type StateStore } from '@hearth/core/ports';
import { describe, it } from 'vitest';
import { storeCases, type StoreHarness } from './conformance/index.ts';

const inside = new WeakMap<StateStore, MemoryStore>();

function wrap(inner: MemoryStore): StateStore {
  const store = pseudonymousStore(inner, { secret: () => 'x'.repeat(32) });
  inside.set(store, inner);
  return store;
}

const innerOf = (store: StateStore): MemoryStore => inside.get(store) as MemoryStore;
const harness: StoreHarness = {
  open: async () => wrap(memoryStore()),
  reopen: async (store) => wrap(innerOf(store).clone()),
  contains: async (store, text) => JSON.stringify(innerOf(store).snapshot()).includes(text),
};
// Pages are in the order of hashes, which the cases of order are about.
const inOrder = ['finds records in key order', 'pages through all that is found, once each'];

describe('a store that hides its subjects', () => {
  it.each(storeCases.filter(({ name }) => !inOrder.includes(name)))('$name', ({ run }) =>
    run(harness),
  );
});
