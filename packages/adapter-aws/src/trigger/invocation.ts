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
import { timed, warnOfAnonymous, type TimedRuntime } from '@hearth/core/trigger';
import { nodeRuntime, type NodeRuntimeOptions } from '@hearth/node';

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

/** The runtime of one invocation: Lambda would end the process after its time, and with it the answers for what is done. */
export function inTime(runtime: Runtime, context: LambdaContext): TimedRuntime {
  const { getRemainingTimeInMillis: left } = Object(context) as Partial<LambdaContext>;
  // Whoever calls the handler by hand may have no context.
  return timed(runtime, left === undefined ? usualMs : left.call(context));
}

/** The runtime of a trigger; it warns where nothing proves who speaks, by the option that would. */
export function runtimeOf(options: AwsOptions, isProved: boolean, field = 'principal'): Runtime {
  const runtime = nodeRuntime(options);
  if (!isProved) warnOfAnonymous(runtime, field);
  return runtime;
}

/** Gives the function that handles the inputs of an invocation. */
export function invoker(app: App, runtime: Runtime): Invoke {
  return (inputs, context, how) => handle(app, inputs, inTime(runtime, context), how);
}

/** Whether a message with these verdicts must come again. */
export function mustComeAgain(handled: readonly Handled[]): boolean {
  return handled.some(({ verdict }) => verdict === 'retry');
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
