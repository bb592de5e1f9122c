import type { Runtime } from '@hearth/core';
import { systemClock } from './clock.ts';
import { openTelemetryCounts } from './counts.ts';
import { logger } from './logger.ts';
import { openTelemetry } from './tracing.ts';

/** A runtime of which only store and publisher must be given. */
export type NodeRuntimeOptions = Pick<Runtime, 'store' | 'publisher'> & Partial<Runtime>;

/** A runtime for Node.js: the system's clock and random numbers, a pino logger, OpenTelemetry spans and counts, unless others are given. */
export function nodeRuntime(options: NodeRuntimeOptions): Runtime {
  return {
    clock: systemClock(),
    logger: options.logger ?? logger(),
    tracing: openTelemetry(),
    count: openTelemetryCounts(),
    random: Math.random,
    ...options,
  };
}
