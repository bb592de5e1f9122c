import type { App, CloudEvent, Handler, StepInput } from '@hearth/core';

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
  const handlers = new Map(
    [...app.handlers].map(([key, handler]) => [key, witnessedHandler(handler, see)]),
  );
  const routes = new Map(
    [...app.routes].map(([type, all]) => [
      type,
      all.map((route) => ({ ...route, handler: handlers.get(route.handler.key) ?? route.handler })),
    ]),
  );
  return { ...app, handlers, routes };
}

function witnessedHandler(handler: Handler, see: (sight: Sight) => void): Handler {
  const subscriptions = [...handler.subscriptions].map(([type, subscription]) => {
    const step = (input: StepInput<never, never, never>) => {
      const { event }: { readonly event: CloudEvent } = input;
      const subject = subscription.subjectOf(event as Parameters<typeof subscription.subjectOf>[0]);
      const sight = { key: `${handler.key}/${subject}`, event };
      try {
        const outcome = subscription.step(input);
        see(sight);
        return outcome;
      } catch (error) {
        see({ ...sight, error });
        throw error;
      }
    };
    return [type, { ...subscription, step }] as const;
  });
  return { ...handler, subscriptions: new Map(subscriptions) };
}
