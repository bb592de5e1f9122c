import { handle, type App, type Handled, type Runtime } from '@hearth/core';
import type { HandleInputs } from './gather.ts';
import type { KnativeOptions } from './options.ts';
import { quietly } from './quietly.ts';

// What was begun may end, with the margin that `handle` keeps at its deadline and some more.
const graceMs = 1000;
const late: Handled = { verdict: 'retry', code: 'timeout' };

/** Gives the function that handles the inputs of one or more requests within the time that they have. */
export function handling(
  app: App,
  { deadlineMs = 25_000, rejected = 'accept' }: KnativeOptions,
  runtime: Runtime,
): HandleInputs {
  const { clock } = runtime;
  const byBroker = rejected === 'refuse';
  const how = { deadLetters: byBroker ? 'host' : 'own' } as const;
  return async (inputs) => {
    const deadline = clock.now() + deadlineMs;
    // A broker that files dead letters also counts its deliveries, so nothing is tried again here.
    const given = byBroker ? inputs.map((input) => ({ ...input, lastAttempt: false })) : inputs;
    try {
      return await clock.within(deadlineMs + graceMs, () =>
        handle(app, given, { ...runtime, deadline }, how),
      );
    } catch (error) {
      const message = `No verdict within ${deadlineMs + graceMs} ms.`;
      quietly(() => runtime.logger?.error({ err: error, inputs: inputs.length }, message));
      return inputs.map(() => late);
    }
  };
}
