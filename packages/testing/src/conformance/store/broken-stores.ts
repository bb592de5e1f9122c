import { brokenErasures } from './broken-erasures.ts';
import { brokenDues } from './broken-dues.ts';
import { brokenLimits } from './broken-limits.ts';
import { brokenLoads } from './broken-loads.ts';
import { brokenSaves } from './broken-saves.ts';
import { brokenQueries } from './broken-queries.ts';
import type { BrokenStore } from './broken-store.ts';
import { brokenVersions } from './broken-versions.ts';

/** Stores with one defect each: the proof that every case can fail, and for its own reason only. */
export const brokenStores: readonly BrokenStore[] = [
  ...brokenLoads,
  ...brokenVersions,
  ...brokenSaves,
  ...brokenLimits,
  ...brokenDues,
  ...brokenQueries,
  ...brokenErasures,
];
