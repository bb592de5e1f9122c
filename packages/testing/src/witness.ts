import type { App, CloudEvent, StepInput } from '@hearth/core';
import { eachStep } from './each-step.ts';

/** One run of a step, as a witness saw it: of which record, for which event, and what it threw. */
export interface Sight {
  readonly key: string;
  readonly event: CloudEvent;
  readonly error?: unknown;
}

/**
 * The same app, with somebody who sees every run of a step: also those that changed nothing, threw, or were never saved.
 */
export function witnessed(app: App, see: (sight: Sight) => void): App {
  return eachStep(
    app,
    ({ key }, { step, subjectOf }) =>
      (input: StepInput<never, never, never>) => {
        const { event }: { readonly event: CloudEvent } = input;
        const sight = {
          key: `${key}/${subjectOf(event as Parameters<typeof subjectOf>[0])}`,
          event,
        };
        try {
          const outcome = step(input);
          see(sight);
          return outcome;
        } catch (error) {
          see({ ...sight, error });
          throw error;
        }
      },
  );
}
