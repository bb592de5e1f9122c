import type { App } from '../app/define-app.ts';
import type { Handled } from '../app/input.ts';
import { sweep, type SweepOptions, type Swept } from '../app/sweep.ts';
import { log } from '../app/telemetry.ts';
import { HearthError } from '../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';

/** A runtime for one invocation of a host. */
export type TimedRuntime = Runtime & { readonly deadline: number };

// After its deadline the core answers within half a second, and the answer has to be written.
const leastKeptMs = 600;
const mostKeptMs = 1000;
const shareKept = 0.1;

/**
 * The runtime of an invocation to which the host gives `ms`: its deadline is so much earlier that `handle` has answered in time, whoever
 * does not answer us.
 */
export function timed(runtime: Runtime, ms: number): TimedRuntime {
  const keptMs = Math.min(mostKeptMs, Math.max(leastKeptMs, ms * shareKept));
  return { ...runtime, deadline: runtime.clock.now() + ms - keptMs };
}

/**
 * Throws if something must come again, which is all that a function can tell a host that knows no answers for single messages: it delivers
 * all of them again, and what was done is recognised.
 *
 * @throws {HearthError} `conflict` (retryable), whose message names the reasons and no data: the host logs it.
 */
export function throwIfRetry(handled: readonly Handled[]): void {
  const again = handled.filter(({ verdict }) => verdict === 'retry');
  if (again.length === 0) return;
  const codes = [...new Set(again.map(({ code = 'conflict' }) => code))];
  const message = `${again.length} of ${handled.length} must be delivered again: ${codes.join(', ')}.`;
  throw new HearthError('conflict', message, { retryable: true });
}

/**
 * Sweeps until nothing is due, nothing more can be done, or the time is over; what could not be done then is `failed` and due later.
 *
 * @throws {HearthError} `store-unavailable` (retryable) when nothing of what is due could be attended to.
 */
export async function sweepAll(
  app: App,
  runtime: TimedRuntime,
  { shard, limit }: { readonly [K in keyof SweepOptions]: SweepOptions[K] | undefined } = {},
): Promise<Swept> {
  const how = {
    ...(shard === undefined ? {} : { shard }),
    ...(limit === undefined ? {} : { limit }),
  };
  let all: Swept = { records: 0, failed: 0, more: true };
  while (all.more && runtime.clock.now() < runtime.deadline) {
    const { records, failed, more } = await sweep(app, runtime, how);
    all = { records: all.records + records, failed: all.failed + failed, more };
    if (records === failed) break;
  }
  if (!all.more || all.records > all.failed) return all;
  const message = 'Nothing that is due could be swept.';
  throw new HearthError('store-unavailable', message, { retryable: true });
}

/** Says once, when a trigger is made, that nothing proves who speaks: then all that a device says will be rejected. */
export function warnOfAnonymous(runtime: Runtime, field: string): void {
  if (runtime.speaksFor !== undefined) return;
  const message = `Without "${field}" everybody is anonymous and rejected.`;
  log({ runtime }, 'warn', { field }, message);
}
