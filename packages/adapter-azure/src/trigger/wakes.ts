import type { App, Shard } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { runtimeOf, type AzureOptions } from './options.ts';
import type { ServiceBusFunction, ServiceBusQueue } from './service-bus.ts';
import { sweepWithin } from './sweeping.ts';

/** The queue of wake-ups. */
export interface WakesOptions extends AzureOptions, ServiceBusQueue {
  /** The name of the app setting, or prefix of settings, with the connection. */
  readonly connection: string;
  readonly shard?: Shard;
}

/**
 * Sweeps when a scheduled message says that something is due: `app.serviceBusQueue('wake', wakes(home, { queueName, … }))`. The messages are
 * those that the runtime's `wake` sends; what is in them does not matter, so whoever may send here can only make the app sweep.
 *
 * A message is completed after the sweep. If that cannot read what is due, it throws and the message is delivered again.
 */
export function wakes(app: App, options: WakesOptions): ServiceBusFunction & { queueName: string } {
  const runtime = runtimeOf(options);
  const { connection, queueName } = options;
  return {
    queueName,
    connection,
    cardinality: 'many',
    isSessionsEnabled: false,
    dataType: 'binary',
    handler: (_: unknown, context: FunctionContext) => sweepWithin(app, runtime, context, options),
  };
}
