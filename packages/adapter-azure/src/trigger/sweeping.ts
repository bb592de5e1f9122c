import { HearthError, sweep, type App, type Runtime, type SweepOptions } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';

/** How an invocation sweeps. */
export interface SweepingOptions extends SweepOptions {
  readonly functionTimeoutMs?: number;
}

/**
 * Sweeps until nothing more is due, or the invocation's time is nearly over.
 *
 * @throws {HearthError} `store-unavailable` when what is due cannot be read.
 */
export async function sweepWithin(
  app: App,
  runtime: Runtime,
  context: FunctionContext,
  { shard, limit, functionTimeoutMs = 300_000 }: SweepingOptions,
): Promise<void> {
  const deadline = runtime.clock.now() + functionTimeoutMs * 0.9;
  const how = {
    ...(shard === undefined ? {} : { shard }),
    ...(limit === undefined ? {} : { limit }),
  };
  let more = true;
  while (more && runtime.clock.now() < deadline) {
    const swept = await during(context, () => sweep(app, { ...runtime, deadline }, how));
    if (swept.more && swept.records === 0) {
      const message = 'What is due could not be read.';
      throw new HearthError('store-unavailable', message, { retryable: true });
    }
    // Records at which a sweep fails are due later; those alone are no reason to go on.
    more = swept.more && swept.records > swept.failed;
  }
}
