import { HearthError, type App, type Runtime, type Shard, type Swept } from '@hearth/core';
import { recordOf, sweepAll } from '@hearth/core/trigger';
import { nodeRuntime } from '@hearth/node';
import { wakeIn } from '../wake-message.ts';
import { inTime, type AwsOptions, type LambdaContext } from './invocation.ts';

/** What a schedule looks at. */
export interface ScheduleOptions extends AwsOptions {
  /** The part of the due index; all of it unless given. An input of the schedule such as `{ "shard": { "index": 0, "of": 4 } }` goes first. */
  readonly shard?: Shard;
  /** Records of one sweep; 1,000 unless given. While more are due and there is time, the next sweep follows at once. */
  readonly limit?: number;
}

/** A function behind a schedule. It answers what was swept, for whoever invokes it by hand. */
export type ScheduleHandler = (event: unknown, context: LambdaContext) => Promise<Swept>;

/**
 * Runs what is due, timers and outputs that were left behind, whenever it is invoked: by a schedule of EventBridge, by one that `wake` has
 * made, or by hand. How late a timer may be is the interval of the schedule, unless `wake` asks for a call in time.
 *
 * Give the other triggers `sweep: true`, for then they need not wait for every delivery. A sweep that cannot read what is due throws.
 */
export function schedule(app: App, options: ScheduleOptions): ScheduleHandler {
  const given = nodeRuntime(options);
  return async (event, context) => {
    const shard = shardOf(recordOf(event)['shard']) ?? options.shard;
    const error = await askAgain(given, wakeIn(JSON.stringify(event)));
    const { limit } = options;
    const swept = await sweepAll(app, inTime(given, context), { shard, limit });
    if (error !== undefined) throw error;
    return swept;
  };
}

/** A schedule is asked to be early, since it may be late; who comes early asks for the rest. Gives the error if nobody takes that. */
async function askAgain(
  runtime: Runtime,
  at: number | undefined,
): Promise<HearthError | undefined> {
  if (at === undefined || at <= runtime.clock.now()) return undefined;
  try {
    await runtime.wake?.(at);
    return undefined;
  } catch (cause) {
    const message = 'The rest of an early wake-up could not be asked for.';
    return new HearthError('publisher-unavailable', message, { retryable: true, cause });
  }
}

function shardOf(value: unknown): Shard | undefined {
  if (value === undefined) return undefined;
  const { index, of } = recordOf(value);
  const isShard = [index, of].every(Number.isSafeInteger) && Number(index) >= 0;
  if (isShard && Number(index) < Number(of)) return { index: Number(index), of: Number(of) };
  const message = '"shard" of the schedule\'s input must be like { "index": 0, "of": 4 }.';
  throw new HearthError('invalid-option', message, { field: 'shard' });
}

/**
 * Does what the wake-ups among the messages of a batch ask for: sweeps, and asks to be woken again for those that are early. `false` if it
 * could not, and they must come again.
 */
export async function wakeUp(
  app: App,
  runtime: Runtime,
  context: LambdaContext,
  bodies: readonly unknown[],
): Promise<boolean> {
  const now = runtime.clock.now();
  const instants = bodies.flatMap((body) => wakeIn(body) ?? []);
  // A queue delays a message by fifteen minutes at most, so that a long wait has several stations.
  const early = instants.filter((at) => at > now);
  try {
    await Promise.all(early.map(async (at) => runtime.wake?.(at)));
    if (early.length < instants.length) await sweepAll(app, inTime(runtime, context));
    return true;
  } catch {
    return false;
  }
}
