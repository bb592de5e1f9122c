export { nodeRuntime, type NodeRuntimeOptions } from './runtime.ts';
export { systemClock } from './clock.ts';
export { logger, type LoggerOptions } from './logger.ts';
export { openTelemetry, type OpenTelemetryOptions } from './tracing.ts';
export { openTelemetryCounts } from './counts.ts';
export { sweeper, type Sweeper, type SweeperOptions } from './sweeper.ts';
export { onShutdown } from './shutdown.ts';
