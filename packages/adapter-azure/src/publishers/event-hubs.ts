import type { CloudEvent, HearthError, Outgoing, Publisher } from '@hearth/core';
import { encodeMqtt } from '@hearth/core/event';
import { inLanes, partitionOf } from '@hearth/core/ports';
import {
  assertReachable,
  connection,
  retryOptions,
  type AmqpNamespace,
  type Connection,
} from './amqp-connection.ts';
import { amqpFailure } from './amqp-failure.ts';
import { sendInBatches } from './batches.ts';
import { bounded, leftToLive, messageId } from './identity.ts';

export type { AmqpNamespace } from './amqp-connection.ts';
export type { AzureCredential } from '../stores/table-client.ts';

/** An event as Event Hubs takes it. */
export interface EventHubMessage {
  readonly body: Buffer;
  readonly contentType?: string;
  readonly messageId: string;
  readonly properties?: Record<string, string>;
}

/** What is used of a batch of `@azure/event-hubs`. */
export interface EventHubBatchLike {
  tryAdd(message: EventHubMessage): boolean;
}

/** What is used of the `EventHubProducerClient` of `@azure/event-hubs`. */
export interface EventHubProducerLike {
  createBatch(options?: { readonly partitionKey?: string }): Promise<EventHubBatchLike>;
  sendBatch(batch: EventHubBatchLike): Promise<void>;
  close(): Promise<void>;
}

/** Where events go, and in which form. */
export interface EventHubsOptions extends AmqpNamespace {
  /** The name of the event hub. */
  readonly eventHub: string;
  /** An `EventHubProducerClient` to use instead; whoever gives it closes it. */
  readonly client?: EventHubProducerLike;
  /**
   * `structured`, unless given: the stored bytes. `binary`: the data, with the attributes as properties that begin with `cloudEvents:`, for
   * readers who want the data alone.
   */
  readonly mode?: 'structured' | 'binary';
}

/** A publisher that holds a connection. */
export interface EventHubsPublisher extends Publisher {
  readonly ordered: true;
  /** Closes the connection, unless it is that of a client that was given. */
  close(): Promise<void>;
}

const most = 32;
const structured = 'application/cloudevents+json; charset=utf-8';

/**
 * Sends events to an Azure event hub, with the event's partition as partition key, so that the hub keeps the order of a home.
 *
 * Events of one partition go in batches, one after the other, and none after one that failed. A hub knows no duplicates and no expiry: a
 * repetition arrives twice, with the same id and bytes, and a command that has expired is not sent (`expired`). A message that is too
 * large fails for good (`limit-exceeded`); everything else may be tried again.
 *
 * @throws {HearthError} `invalid-option` when nothing says how to get there.
 */
export function eventHubsPublisher(options: EventHubsOptions): EventHubsPublisher {
  assertReachable('eventHub', options.eventHub, options);
  const { open, close } = producerOf(options);
  const failureOf = (cause: unknown) => amqpFailure(cause, 'Event Hubs');
  const batchesOf = (lane: readonly Outgoing[]) => {
    const key = lane[0] === undefined ? '' : bounded(partitionOf(lane[0].event));
    const openBatch = async () => {
      const producer = await open();
      const batch = await producer.createBatch(key === '' ? {} : { partitionKey: key });
      return {
        tryAdd: (message: EventHubMessage) => batch.tryAdd(message),
        send: () => producer.sendBatch(batch),
      };
    };
    return { open: openBatch, failureOf };
  };
  return {
    ordered: true,
    publish: (events) =>
      inLanes(
        events,
        (lane) =>
          sendInBatches(
            lane.map((outgoing) => sendable(outgoing, options.mode)),
            batchesOf(lane),
          ),
        { most },
      ),
    close,
  };
}

function producerOf(options: EventHubsOptions): Connection<EventHubProducerLike> {
  const { eventHub, client, connectionString, namespace = '', credential } = options;
  return connection(async () => {
    if (client !== undefined) return { used: client, close: async () => undefined };
    const { EventHubProducerClient } = await import('@azure/event-hubs');
    const settings = { retryOptions: retryOptions(options) };
    const own: EventHubProducerLike =
      connectionString === undefined
        ? new EventHubProducerClient(namespace, eventHub, credential as never, settings)
        : new EventHubProducerClient(await connectionString(), eventHub, settings);
    return { used: own, close: () => own.close() };
  });
}

/** The message of an event, or why it has none; one that cannot be written takes no other with it. */
function sendable(
  outgoing: Outgoing,
  mode: EventHubsOptions['mode'],
): EventHubMessage | HearthError {
  try {
    return messageOf(outgoing, mode);
  } catch (cause) {
    return amqpFailure(cause, 'Event Hubs').error;
  }
}

function messageOf(
  { event, body, traceparent }: Outgoing,
  mode: EventHubsOptions['mode'] = 'structured',
): EventHubMessage | HearthError {
  const left = leftToLive(event);
  if (typeof left === 'object') return left;
  const trace = traceparent === undefined ? {} : { traceparent };
  const id = { messageId: messageId(event) };
  if (mode === 'structured' || isEventItself(event)) {
    return { body: Buffer.from(body), contentType: structured, properties: trace, ...id };
  }
  const { payload, properties } = encodeMqtt(event, { version: 5, mode: 'binary' });
  const { contentType, userProperties = {} } = properties ?? {};
  const named = Object.entries(userProperties).map(([name, value]) => [
    `cloudEvents:${name}`,
    value,
  ]);
  return {
    body: Buffer.from(payload),
    ...(contentType === undefined ? {} : { contentType }),
    properties: { ...(Object.fromEntries(named) as Record<string, string>), ...trace },
    ...id,
  };
}

/** Data that is labelled as a CloudEvent would be taken for the event. */
function isEventItself({ datacontenttype = '' }: CloudEvent): boolean {
  return /^application\/cloudevents/i.test(datacontenttype);
}
