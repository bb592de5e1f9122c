import type { App, Shard } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { runtimeOf, type AzureOptions } from './options.ts';
import { sweepWithin } from './sweeping.ts';

/** When a sweep runs, and what it looks at. */
export interface TimerOptions extends AzureOptions {
  /** An NCRONTAB expression of six fields, such as `0 * * * * *` for every minute, or `%SETTING%`. */
  readonly schedule: string;
  /** The part of the due index that this function looks at; all of it unless given. Register one function for each shard. */
  readonly shard?: Shard;
  /** Records of one sweep; 1,000 unless given. While more are due, the next sweep follows at once. */
  readonly limit?: number;
}

/** What `app.timer` of `@azure/functions` takes. */
export interface TimerFunction {
  schedule: string;
  handler: (timer: unknown, context: FunctionContext) => Promise<void>;
}

/**
 * Runs what is due, timers and outputs that were left behind, on a schedule: `app.timer('sweep', timer(home, { schedule, … }))`. How late
 * a timer may be is the schedule's interval, unless `wake` asks for a call in time.
 *
 * Give the other triggers `sweep: true`, for then they need not wait for every delivery. A sweep that cannot read what is due throws, so
 * that the failure is seen; the next tick sweeps again.
 */
export function timer(app: App, options: TimerOptions): TimerFunction {
  const runtime = runtimeOf(options);
  return {
    schedule: options.schedule,
    handler: (_, context) => sweepWithin(app, runtime, context, options),
  };
}
