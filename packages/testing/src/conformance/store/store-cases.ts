import type { StoreCase } from './store-case.ts';
import { storeDueCases } from './due-cases.ts';
import { storeEraseCases } from './erase-cases.ts';
import { storeLimitCases } from './limit-cases.ts';
import { storeLoadCases } from './load-cases.ts';
import { storeQueryCases } from './query-cases.ts';
import { storeSaveCases } from './save-cases.ts';

/**
 * Every claim about a `StateStore`, as data: a store is supported where all of them hold against the real thing.
 *
 * @example
 * for (const each of storeCases) it(each.name, () => each.run(harness));
 */
export const storeCases: readonly StoreCase[] = [
  ...storeLoadCases,
  ...storeSaveCases,
  ...storeLimitCases,
  ...storeDueCases,
  ...storeQueryCases,
  ...storeEraseCases,
];
