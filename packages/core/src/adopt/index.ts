// In the order in which a newcomer should read.
export { shadow } from './shadow.ts';
export type { ExistingDecisions, ShadowOptions, ShadowRun } from './shadow.ts';
export { compareDecisions, decisionsIn } from './decisions.ts';
export type {
  CompareOptions,
  Decided,
  DecisionComparison,
  DecisionCounts,
  Found,
} from './decisions.ts';
export { decisionLines } from './decision-lines.ts';
export type { Difference } from './difference.ts';
export { importRecords } from './import-records.ts';
export type { Imported, ImportOptions, RejectedLine } from './import-records.ts';
export { exportRecords } from './export-records.ts';
export { pick } from './pick.ts';
export type { Needs, Picked } from './pick.ts';
