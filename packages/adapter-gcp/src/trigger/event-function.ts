import { HearthError, type App, type Input } from '@hearth/core';
import { during } from './cloud-logger.ts';
import { invoker, runtimeOf, type GcpOptions } from './options.ts';

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
 * Makes a function of how its events are read. It resolves when they are done or in the dead letters.
 *
 * What the function throws is a `HearthError` (`conflict`, retryable) that names reasons and no data: the framework logs it, and answers 500.
 */
export function eventFunction(
  app: App,
  options: EventOptions,
  read: (event: unknown) => readonly Input[],
): EventFunction {
  const runtime = runtimeOf(options, dayMs);
  const isLast = options.retries === false;
  const invoke = invoker(app, options, runtime, isLast ? { afterLastAttempt: 'lost' } : {});
  return async (event) => {
    const inputs = read(event);
    const given = isLast ? inputs.map((input) => ({ ...input, lastAttempt: true })) : inputs;
    const handled = await during(inputs[0]?.traceparent, () => invoke(given));
    const again = handled.filter(({ verdict }) => verdict === 'retry');
    if (again.length === 0) return;
    const codes = [...new Set(again.map(({ code = 'conflict' }) => code))];
    const message = `${again.length} of ${handled.length} must be delivered again: ${codes.join(', ')}.`;
    throw new HearthError('conflict', message, { retryable: true });
  };
}
