import type { App, Runtime, SweepOptions } from '@hearth/core';
import { sweepAll, timed } from '@hearth/core/trigger';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';

/** How an invocation sweeps. */
export interface SweepingOptions extends SweepOptions {
  readonly timeoutMs?: number;
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
  { shard, limit, timeoutMs = 300_000 }: SweepingOptions,
): Promise<void> {
  const within = timed(runtime, timeoutMs);
  await during(context, () => sweepAll(app, within, { shard, limit }));
}
