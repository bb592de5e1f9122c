import { HearthError, type Runtime } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { warnOfAnonymous } from '@hearth/core/trigger';
import { nodeRuntime, type NodeRuntimeOptions } from '@hearth/node';
import { contextLogger } from './context-logger.ts';

/**
 * What every trigger takes: `store` and `publisher`, and the rest of the runtime where it is not to be that of Node.js. Share one object
 * between the triggers of a function app.
 */
export interface AzureOptions extends Omit<NodeRuntimeOptions, 'deadline'> {
  /**
   * How long the host lets a function run (ms), as `functionTimeout` of host.json says; 300,000 unless given, which is what the Consumption
   * plan has. Near its end no new input is begun, and what is not done by then comes again.
   */
  readonly timeoutMs?: number;
  /**
   * Where lines go if no `logger` is given: through the invocation's `context` (the default), so that Application Insights files them under
   * its operation, or to standard output.
   */
  readonly logs?: 'context' | 'stdout';
  /** What a message may cost; those of the codec unless given, and 1 MiB for a body. */
  readonly limits?: Partial<Limits>;
}

/**
 * The runtime for a trigger. What is given beside it, such as the name of a queue, does no harm there. Where nothing proves who speaks, it
 * warns, by the option that would.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function runtimeOf(options: AzureOptions, isProved = true, field = 'principal'): Runtime {
  const { logger, logs = 'context', timeoutMs = 1 } = options;
  assertPositive('timeoutMs', timeoutMs);
  const isOwn = logger !== undefined || logs === 'stdout';
  const runtime = nodeRuntime(isOwn ? options : { ...options, logger: contextLogger() });
  if (!isProved) warnOfAnonymous(runtime, field);
  return runtime;
}

/** @throws {HearthError} `invalid-option` for anything but a positive integer. */
export function assertPositive(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new HearthError('invalid-option', `"${field}" must be a positive integer.`, { field });
}
