import { brokenAnswers } from './broken-answers.ts';
import { brokenDecoding } from './broken-decoding.ts';
import { brokenDeliveries } from './broken-deliveries.ts';
import type { BrokenTrigger } from './broken-trigger.ts';

/** Triggers with one defect each: the proof that every case can fail, and for its own reason only. */
export const brokenTriggers: readonly BrokenTrigger[] = [
  ...brokenDecoding,
  ...brokenAnswers,
  ...brokenDeliveries,
];
