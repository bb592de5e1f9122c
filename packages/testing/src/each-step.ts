import type { App, Handler, Subscription } from '@hearth/core';

type Step = Subscription['step'];

/** The same app, with another function in the place of each step. */
export function eachStep(
  app: App,
  change: (handler: Handler, subscription: Subscription) => Step,
): App {
  const handlers = new Map(
    [...app.handlers].map(([key, handler]) => [key, changed(handler, change)]),
  );
  const routes = new Map(
    [...app.routes].map(([type, all]) => [
      type,
      all.map((route) => ({ ...route, handler: handlers.get(route.handler.key) ?? route.handler })),
    ]),
  );
  return { ...app, handlers, routes };
}

function changed(
  handler: Handler,
  change: (handler: Handler, subscription: Subscription) => Step,
): Handler {
  const subscriptions = [...handler.subscriptions].map(
    ([type, subscription]) =>
      [type, { ...subscription, step: change(handler, subscription) }] as const,
  );
  return { ...handler, subscriptions: new Map(subscriptions) };
}
