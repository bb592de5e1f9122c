import type { App, Input } from '@hearth/core';
import type { FunctionContext } from './context.ts';
import { handleOrThrow } from './handling.ts';
import type { MessageOptions } from './message.ts';
import { assertPositive, runtimeOf, type AzureOptions } from './options.ts';
import { busInputs } from './service-bus-inputs.ts';

/** A queue of Service Bus. */
export interface ServiceBusQueue {
  /** The name of the queue, or `%SETTING%`. */
  readonly queueName: string;
}

/** A subscription of a topic of Service Bus. */
export interface ServiceBusSubscription {
  readonly topicName: string;
  readonly subscriptionName: string;
}

/** How messages are read. */
export interface ServiceBusDecodeOptions
  extends MessageOptions, Partial<ServiceBusQueue & ServiceBusSubscription> {
  /** The maximum delivery count of the queue or subscription, on which a failing step becomes a dead letter; 10 unless given. */
  readonly maxDeliveryCount?: number;
}

/** How messages are taken, besides where they lie. */
export interface ServiceBusOptions
  extends
    AzureOptions,
    Omit<ServiceBusDecodeOptions, keyof (ServiceBusQueue & ServiceBusSubscription)> {
  /** The name of the app setting, or prefix of settings, with the connection. */
  readonly connection: string;
  /** One message a call (the default), or many, which are completed or abandoned together. */
  readonly cardinality?: 'one' | 'many';
  /** Whether the queue or subscription requires sessions: then messages of one session are handled in their order. */
  readonly isSessionsEnabled?: boolean;
}

/** What `app.serviceBusQueue` and `app.serviceBusTopic` of `@azure/functions` take. */
export interface ServiceBusFunction {
  connection: string;
  cardinality: 'one' | 'many';
  isSessionsEnabled: boolean;
  dataType: 'binary';
  handler: (messages: unknown, context: FunctionContext) => Promise<void>;
}

/**
 * Runs an app on the messages of a queue, `app.serviceBusQueue('commands', serviceBus(home, { queueName, … }))`, or of a topic's
 * subscription, `app.serviceBusTopic('events', serviceBus(home, { topicName, subscriptionName, … }))`.
 *
 * A message is completed when it is done, or rejected and accepted by the dead letters; else all messages of the call are abandoned and
 * delivered again, and what was done already is recognised. Service Bus itself moves a message to its dead-letter queue after the maximum
 * delivery count: then only what kept it from being done was not the message.
 *
 * @throws {HearthError} `invalid-option` for a number that is no positive integer.
 */
export function serviceBus(
  app: App,
  options: ServiceBusOptions & ServiceBusQueue,
): ServiceBusFunction & { queueName: string };
/** Runs an app on the messages of a topic's subscription, in the same way. */
export function serviceBus(
  app: App,
  options: ServiceBusOptions & ServiceBusSubscription,
): ServiceBusFunction & { topicName: string; subscriptionName: string };
/** Runs an app on the messages of either. */
export function serviceBus(
  app: App,
  options: ServiceBusOptions & Partial<ServiceBusQueue & ServiceBusSubscription>,
): ServiceBusFunction {
  const runtime = runtimeOf(options, options.principal !== undefined);
  const { timeoutMs: withinMs = 300_000 } = options;
  const { connection, queueName, topicName, subscriptionName } = options;
  const { cardinality = 'one', isSessionsEnabled = false, maxDeliveryCount = 10 } = options;
  assertPositive('maxDeliveryCount', maxDeliveryCount);
  const place = queueName === undefined ? { topicName, subscriptionName } : { queueName };
  const how = { order: isSessionsEnabled ? 'key' : 'none', withinMs } as const;
  return {
    ...place,
    connection,
    cardinality,
    isSessionsEnabled,
    dataType: 'binary',
    async handler(messages, context) {
      const inputs = decodeServiceBus(messages, context, options);
      await handleOrThrow(app, inputs, runtime, context, how);
    },
  };
}

/**
 * Reads what the host hands in, one message or many, into one input for each, in their order; it never throws.
 *
 * A CloudEvent is looked for by content type (structured), in the application properties that begin with `cloudEvents:`, `cloudEvents_`
 * or `ce-` (binary), and in a JSON body without a content type; anything else is what `plain` says, with the message id as its own.
 * The session is the order, the delivery count the attempt.
 */
export function decodeServiceBus(
  messages: unknown,
  context: FunctionContext,
  options: ServiceBusDecodeOptions = {},
): readonly Input[] {
  const { maxDeliveryCount = 10, queueName, topicName = '', subscriptionName = '' } = options;
  const place = queueName === undefined ? [topicName, subscriptionName] : [queueName];
  const source = `servicebus:${place.map(encodeURIComponent).join('/')}`;
  return busInputs(messages, context, options, { source, maxDeliveryCount });
}
