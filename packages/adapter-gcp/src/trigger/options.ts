import {
  handle,
  HearthError,
  type App,
  type Handled,
  type HandleOptions,
  type Input,
  type Runtime,
} from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { nodeRuntime, type NodeRuntimeOptions } from '@hearth/node';
import { cloudLogger } from './cloud-logger.ts';

/**
 * What every trigger takes: `store` and `publisher`, and the rest of the runtime where it is not to be that of Node.js, or, for `logger`, of
 * Cloud Logging. Share one object between the triggers of a service.
 */
export interface GcpOptions extends Omit<NodeRuntimeOptions, 'deadline'> {
  /**
   * How long a call may take (ms), as the timeout of the function or service says, or the acknowledgement deadline of the subscription if
   * that is shorter; 60,000 unless given. Near its end nothing new is begun, and what is not done by then comes again.
   */
  readonly timeoutMs?: number;
  /** What a message may cost; those of the codec unless given, and 1 MiB for a body. */
  readonly limits?: Partial<Limits>;
}

// The last part of the time is for what was begun: for its save, its answer, and its log lines.
const shareKept = 0.1;
const mostKeptMs = 5_000;

/** The instant (ms) after which a call that begins now must begin nothing more. */
export function deadlineOf({ clock }: Runtime, { timeoutMs = 60_000 }: GcpOptions): number {
  return clock.now() + timeoutMs - Math.min(timeoutMs * shareKept, mostKeptMs);
}

/**
 * The runtime of a trigger; `redeliveryAgeMs` is that of its host unless given.
 *
 * @throws {HearthError} `invalid-option` for a time that is none.
 */
export function runtimeOf(options: GcpOptions, redeliveryAgeMs: number): Runtime {
  const { timeoutMs = 60_000 } = options;
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    const message = '"timeoutMs" must be a positive integer.';
    throw new HearthError('invalid-option', message, { field: 'timeoutMs' });
  }
  return nodeRuntime({ redeliveryAgeMs, ...options, logger: options.logger ?? cloudLogger() });
}

/** Handles the inputs of one call by its deadline. Never rejects. */
export type Invoke = (inputs: readonly Input[]) => Promise<readonly Handled[]>;

/** Gives the function that handles the inputs of calls. */
export function invoker(
  app: App,
  options: GcpOptions,
  runtime: Runtime,
  how: HandleOptions = {},
): Invoke {
  return (inputs) =>
    handle(app, inputs, { ...runtime, deadline: deadlineOf(runtime, options) }, how);
}
