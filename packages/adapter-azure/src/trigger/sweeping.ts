import { HearthError, sweep, type App, type Runtime, type SweepOptions } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';

/** How an invocation sweeps. */
export interface SweepingOptions extends SweepOptions {
  readonly functionTimeoutMs?: number;
}

/**
 * Sweeps until nothing is due, nothing more can be done, or the invocation's time is nearly over.
 *
 * @throws {HearthError} `store-unavailable` (retryable) when nothing of what is due could be attended to.
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
  let done = 0;
  let more = true;
  while (more && runtime.clock.now() < deadline) {
    const swept = await during(context, () => sweep(app, { ...runtime, deadline }, how));
    ({ more } = swept);
    done += swept.records - swept.failed;
    if (swept.records === swept.failed) break;
  }
  if (!more || done > 0) return;
  throw new HearthError('store-unavailable', 'Nothing that is due could be swept.', {
    retryable: true,
  });
}
