import { brokenFailing } from './broken-failing.ts';
import type { BrokenPublisher } from './broken-publisher.ts';
import { brokenSending } from './broken-sending.ts';

/** Publishers with one defect each: the proof that every case can fail, and for its own reason only. */
export const brokenPublishers: readonly BrokenPublisher[] = [...brokenSending, ...brokenFailing];
