import { handle, type App, type Input, type Runtime } from '@hearth/core';
import type { HandleOptions } from '@hearth/core';
import { throwIfRetry, timed } from '@hearth/core/trigger';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';

/** How the inputs of an invocation are handled. */
export interface HandlingOptions extends HandleOptions {
  /** How long the invocation may take (ms). */
  readonly withinMs: number;
}

/**
 * Handles the inputs of an invocation within the time that the host gives it, and throws if one of them must come again, which is all that
 * a function can tell the host: it then delivers all of them again, and what was done already is recognised.
 *
 * @throws {HearthError} `conflict` (retryable), whose message names the reasons and no data: the host logs it.
 */
export async function handleOrThrow(
  app: App,
  inputs: readonly Input[],
  runtime: Runtime,
  context: FunctionContext,
  { withinMs, ...how }: HandlingOptions,
): Promise<void> {
  const handling = () => handle(app, inputs, timed(runtime, withinMs), how);
  throwIfRetry(await during(context, handling));
}
