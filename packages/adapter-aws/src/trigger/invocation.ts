import {
  handle,
  HearthError,
  type App,
  type Handled,
  type Input,
  type Runtime,
} from '@hearth/core';
import type { HandleOptions } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import type { NodeRuntimeOptions } from '@hearth/node';

/** What is read of the context of an invocation. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
  readonly awsRequestId?: string;
}

/** What every trigger takes: `store` and `publisher`, and the rest of the runtime where it is not to be that of Node.js. */
export interface AwsOptions extends Omit<NodeRuntimeOptions, 'deadline'> {
  /** What a message may cost; those of the codec unless given, and 1 MiB for a body. */
  readonly limits?: Partial<Limits>;
}

/** Handles the inputs of an invocation within the time that it has. Never rejects. */
export type Invoke = (
  inputs: readonly Input[],
  context: LambdaContext,
  how?: HandleOptions,
) => Promise<readonly Handled[]>;

// What Lambda gives a function unless told otherwise.
const usualMs = 3000;
// The last part of the time is for what was begun: for its save, its answer, and its log lines.
const shareKept = 0.1;
const mostKeptMs = 1000;

/** The runtime of one invocation, and how long its work may take (ms). */
export function timed(runtime: Runtime, context: LambdaContext) {
  const { getRemainingTimeInMillis: left } = Object(context) as Partial<LambdaContext>;
  // Whoever calls the handler by hand may have no context.
  const withinMs = left === undefined ? usualMs : left.call(context);
  const keptMs = Math.min(withinMs * shareKept, mostKeptMs);
  const deadline = runtime.clock.now() + withinMs - keptMs;
  return { runtime: { ...runtime, deadline }, withinMs: withinMs - keptMs / 2 };
}

/**
 * Gives the function that handles the inputs of an invocation. What has no verdict when the time is nearly over must come again: Lambda
 * would end the process, and with it the answers for what is done.
 */
export function invoker(app: App, given: Runtime): Invoke {
  return async (inputs, context, how = {}) => {
    const { runtime, withinMs } = timed(given, context);
    try {
      return await runtime.clock.within(withinMs, () => handle(app, inputs, runtime, how));
    } catch {
      return inputs.map(() => late);
    }
  };
}

const late: Handled = { verdict: 'retry', code: 'timeout' };

/** Whether a message with these verdicts must come again. */
export function mustComeAgain(handled: readonly Handled[]): boolean {
  return handled.some(({ verdict }) => verdict === 'retry');
}

/**
 * Throws if something must come again, which is all that a function can tell a host that delivers one message at a time.
 *
 * @throws {HearthError} `conflict` (retryable), whose message names the reasons and no data: the runtime logs it.
 */
export function throwIfRetry(handled: readonly Handled[]): void {
  const again = handled.filter(({ verdict }) => verdict === 'retry');
  if (again.length === 0) return;
  const codes = [...new Set(again.map(({ code = 'conflict' }) => code))];
  const message = `${again.length} of ${handled.length} must be delivered again: ${codes.join(', ')}.`;
  throw new HearthError('conflict', message, { retryable: true });
}

/**
 * The `Records` of an event, whatever they are.
 *
 * @throws {HearthError} `invalid-event` for an event without them: nothing of it is known, so that nothing can be acknowledged.
 */
export function recordsOf(event: unknown, service: string): readonly unknown[] {
  const records = Object(event).Records as unknown;
  if (Array.isArray(records)) return records;
  const fix = `it is no event of ${service}; check which service invokes this function`;
  throw new HearthError('invalid-event', `The event has no "Records": ${fix}.`, {
    field: 'Records',
  });
}
