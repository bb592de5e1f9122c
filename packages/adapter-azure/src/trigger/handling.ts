import {
  handle,
  HearthError,
  type App,
  type Handled,
  type Input,
  type Runtime,
} from '@hearth/core';
import type { HandleOptions } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';

/** How the inputs of an invocation are handled. */
export interface HandlingOptions extends HandleOptions {
  /** How long the invocation may take (ms). */
  readonly withinMs: number;
}

// The last part of the time is for what was begun: for its save, its answer, and its log lines.
const shareKept = 0.1;
const mostKeptMs = 5000;

/** Handles inputs by a deadline, and gives a verdict for each; what has none when the time is over must come again. Never rejects. */
export async function verdictsWithin(
  { clock }: Runtime,
  withinMs: number,
  inputs: readonly Input[],
  work: (deadline: number) => Promise<readonly Handled[]>,
): Promise<readonly Handled[]> {
  const keptMs = Math.min(withinMs * shareKept, mostKeptMs);
  const deadline = clock.now() + withinMs - keptMs;
  try {
    return await clock.within(withinMs - keptMs / 2, () => work(deadline));
  } catch {
    return inputs.map(() => late);
  }
}

const late: Handled = { verdict: 'retry', code: 'timeout' };

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
  const handled = await during(context, () =>
    verdictsWithin(runtime, withinMs, inputs, (deadline) =>
      handle(app, inputs, { ...runtime, deadline }, how),
    ),
  );
  const again = handled.filter(({ verdict }) => verdict === 'retry');
  if (again.length === 0) return;
  const codes = [...new Set(again.map(({ code = 'conflict' }) => code))];
  const message = `${again.length} of ${handled.length} must be delivered again: ${codes.join(', ')}.`;
  throw new HearthError('conflict', message, { retryable: true });
}
