import type { Input } from '@hearth/core';
import type { FunctionContext } from './context.ts';

/** A length of time as `@azure/functions` has it; a number is in ms. */
export type Duration =
  | number
  | {
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

/** A retry policy of a function, as `@azure/functions` has it. `maxRetryCount: -1` never gives up. */
export type RetryPolicy =
  | {
      readonly strategy: 'fixedDelay';
      readonly maxRetryCount: number;
      readonly delayInterval: Duration;
    }
  | {
      readonly strategy: 'exponentialBackoff';
      readonly maxRetryCount: number;
      readonly minimumInterval: Duration;
      readonly maximumInterval: Duration;
    };

/** Never gives up, so that nothing is lost however long a store is down; the partition waits meanwhile. */
export const untilDone: RetryPolicy = {
  strategy: 'exponentialBackoff',
  maxRetryCount: -1,
  minimumInterval: { seconds: 1 },
  maximumInterval: { minutes: 1 },
};

/** What is known of an attempt of a host that keeps nothing of what it gives up. */
export interface Attempt {
  /** What inputs say of it; nothing where the host does not try again, for then the core tries again in process. */
  readonly numbers: Pick<Input, 'attempt' | 'lastAttempt'>;
  /** Whether the host forgets what must come again after this. */
  readonly isLost: boolean;
}

/**
 * What attempt an invocation is. From `attempts` on, a step that fails is dead-lettered, so that one bug does not block a partition for ever;
 * whatever else must come again still does, until the policy gives up.
 */
export function attemptOf(
  { retryContext }: FunctionContext,
  policy: RetryPolicy | 'none',
  attempts: number,
): Attempt {
  if (policy === 'none' && !retryContext) {
    return { numbers: {}, isLost: true };
  }
  const { retryCount = 0, maxRetryCount = policy === 'none' ? 0 : policy.maxRetryCount } =
    retryContext ?? {};
  const isLost = maxRetryCount >= 0 && retryCount >= maxRetryCount;
  const attempt = retryCount + 1;
  return { numbers: { attempt, lastAttempt: isLost || attempt >= attempts }, isLost };
}
