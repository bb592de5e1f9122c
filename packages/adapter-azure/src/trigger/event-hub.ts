import type { App, Input } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { handleOrThrow } from './handling.ts';
import { hubInputs } from './hub-inputs.ts';
import type { MessageOptions } from './message.ts';
import { assertPositive, runtimeOf, type AzureOptions } from './options.ts';
import { attemptOf, untilDone, type RetryPolicy } from './retry-policy.ts';

/** Which event hub is read, and how. */
export interface HubOptions extends AzureOptions {
  /** The name of the app setting, or prefix of settings, with the connection. */
  readonly connection: string;
  /** The name of the event hub, or `%SETTING%`. */
  readonly eventHubName: string;
  /** `$Default` unless given. */
  readonly consumerGroup?: string;
  /**
   * The retry policy of the function; unless given, one that never gives up. Under `none`, or when a policy has given up, the host forgets
   * the batch: then what is not done becomes a dead letter, and is lost only if the dead letters do not take it either.
   */
  readonly retry?: RetryPolicy | 'none';
  /** From this attempt on, a step that fails is dead-lettered instead of blocking its partition; 5 unless given. */
  readonly attempts?: number;
}

/** What `eventHub` takes: which hub, who may be speaking, and what a plain payload is. */
export interface EventHubOptions extends HubOptions, MessageOptions {}

/** What `app.eventHub` of `@azure/functions` takes. */
export interface EventHubFunction {
  connection: string;
  eventHubName: string;
  consumerGroup?: string;
  cardinality: 'many';
  dataType: 'binary';
  retry?: RetryPolicy;
  handler: (messages: unknown, context: FunctionContext) => Promise<void>;
}

/**
 * Runs an app on the events of an event hub: `app.eventHub('readings', eventHub(home, { … }))`.
 *
 * Messages of a partition come in their order and are handled so, key by key. The host knows no acknowledgement of single messages: it
 * goes on after the batch, or runs all of it again when the function throws, which keeps the partition waiting. So what is rejected goes to
 * the dead letters and the batch goes on; what must come again throws, and what was done already is recognised then.
 *
 * @throws {HearthError} `invalid-option` for a number that is no positive integer.
 */
export function eventHub(app: App, options: EventHubOptions): EventHubFunction {
  const isProved = options.principal !== undefined;
  return hubFunction(app, options, isProved, (messages, context) =>
    decodeEventHub(messages, context, options),
  );
}

/**
 * Reads what the host hands in for a batch of an event hub into one input for each message, in their order; it never throws.
 *
 * A CloudEvent is looked for by content type (structured), in the application properties that begin with `cloudEvents:`, `cloudEvents_`
 * or `ce-` (binary), and in a JSON body without a content type; anything else is what `plain` says, with an id of partition, sequence
 * number and instant.
 */
export function decodeEventHub(
  messages: unknown,
  context: FunctionContext,
  options: MessageOptions = {},
): readonly Input[] {
  return hubInputs(messages, context, options, (_, { eventHubName }) => ({
    source: `eventhub:${encodeURIComponent(eventHubName)}`,
  }));
}

/** The function of a hub whose batches are decoded so; `isProved` if that can say who speaks. */
export function hubFunction(
  app: App,
  options: HubOptions,
  isProved: boolean,
  decode: (messages: unknown, context: FunctionContext) => readonly Input[],
): EventHubFunction {
  const runtime = runtimeOf(options, isProved);
  const { connection, eventHubName, consumerGroup, retry = untilDone } = options;
  const { timeoutMs: withinMs = 300_000, attempts = 5 } = options;
  assertPositive('attempts', attempts);
  return {
    connection,
    eventHubName,
    ...(consumerGroup === undefined ? {} : { consumerGroup }),
    cardinality: 'many',
    dataType: 'binary',
    ...(retry === 'none' ? {} : { retry }),
    async handler(messages, context) {
      const { isLost, numbers } = attemptOf(context, retry, attempts);
      const inputs = decode(messages, context).map((input) => ({ ...input, ...numbers }));
      const afterLastAttempt = isLost ? 'lost' : 'kept';
      const how = { order: 'key', afterLastAttempt, withinMs } as const;
      await handleOrThrow(app, inputs, runtime, context, how);
    },
  };
}
