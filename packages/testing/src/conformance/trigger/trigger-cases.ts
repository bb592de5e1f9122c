import { effectCases } from './effect-cases.ts';
import { poisonCases } from './poison-cases.ts';
import type { TriggerCase } from './trigger-case.ts';
import { troubleCases } from './trouble-cases.ts';

/**
 * Every claim about a trigger, as data: run them with the real client of the host, or as near to it as a test can get.
 *
 * @example
 * for (const each of triggerCases) it(each.name, () => each.run(open));
 */
export const triggerCases: readonly TriggerCase[] = [
  ...effectCases,
  ...poisonCases,
  ...troubleCases,
];
