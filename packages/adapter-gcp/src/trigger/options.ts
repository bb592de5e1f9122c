import { HearthError, type Runtime } from '@hearth/core';
import type { Limits } from '@hearth/core/event';
import { timed as within, warnOfAnonymous, type TimedRuntime } from '@hearth/core/trigger';
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

/** The runtime of a call that begins now. */
export function timed(runtime: Runtime, timeoutMs = 60_000): TimedRuntime {
  return within(runtime, timeoutMs);
}

/**
 * The runtime of a trigger; `redeliveryAgeMs` is that of its host unless given. It warns where nothing proves who
 * speaks, by the option that would.
 *
 * @throws {HearthError} `invalid-option` for a time that is none.
 */
export function runtimeOf(
  options: GcpOptions,
  redeliveryAgeMs: number,
  isProved: boolean,
  field = 'principal',
): Runtime {
  const { timeoutMs = 60_000 } = options;
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    const message = '"timeoutMs" must be a positive integer.';
    throw new HearthError('invalid-option', message, { field: 'timeoutMs' });
  }
  const { logger = cloudLogger() } = options;
  const runtime = nodeRuntime({ redeliveryAgeMs, ...options, logger });
  if (!isProved) warnOfAnonymous(runtime, field);
  return runtime;
}
