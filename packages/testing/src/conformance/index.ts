export type { StoreCase, StoreHarness } from './store/store-case.ts';
export { storeCases } from './store/store-cases.ts';
export { failingStoreCases, memoryHarness, type BrokenStore } from './store/broken-store.ts';
export { brokenStores } from './store/broken-stores.ts';
