import { handle, type App, type Input } from '@hearth/core';
import { throwIfRetry } from '@hearth/core/trigger';
import { during } from './cloud-logger.ts';
import { runtimeOf, timed, type GcpOptions } from './options.ts';

/** How events of Eventarc and of functions with an event trigger are taken. */
export interface EventOptions extends GcpOptions {
  /**
   * `false` if the function is deployed without "retry on failure": then what is not done the first time becomes a dead letter, where it
   * would be lost. Eventarc tries again for a day.
   */
  readonly retries?: boolean;
}

/** A function for `cloudEvent` of `@google-cloud/functions-framework`. */
export type EventFunction = (event: unknown) => Promise<void>;

const dayMs = 86_400_000;

/**
 * Makes a function of how its events are read; `isProved` if that can say who speaks. It resolves when they are done or in the dead letters.
 *
 * What the function throws is a `HearthError` (`conflict`, retryable) that names reasons and no data: the framework logs it, and answers 500.
 */
export function eventFunction(
  app: App,
  options: EventOptions,
  isProved: boolean,
  read: (event: unknown) => readonly Input[],
): EventFunction {
  const runtime = runtimeOf(options, dayMs, isProved);
  const isLast = options.retries === false;
  const how = isLast ? ({ afterLastAttempt: 'lost' } as const) : {};
  return async (event) => {
    const inputs = read(event);
    const given = isLast ? inputs.map((input) => ({ ...input, lastAttempt: true })) : inputs;
    const within = timed(runtime, options.timeoutMs);
    const handling = () => handle(app, given, within, how);
    throwIfRetry(await during(inputs[0]?.traceparent, handling));
  };
}
