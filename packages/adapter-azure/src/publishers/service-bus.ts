import { HearthError, type Outgoing, type Publisher } from '@hearth/core';
import { inLanes, partitionOf } from '@hearth/core/ports';
import { amqpFailure } from './amqp-failure.ts';
import { sendInBatches } from './batches.ts';
import { bounded, leftToLive, messageId } from './identity.ts';
import { senderTo, type ServiceBusMessage, type ServiceBusWhere } from './service-bus-sender.ts';

export type {
  ServiceBusBatchLike,
  ServiceBusClientLike,
  ServiceBusMessage,
  ServiceBusSenderLike,
  ServiceBusWhere,
} from './service-bus-sender.ts';
export { serviceBusWake, type ServiceBusWake } from './service-bus-wake.ts';
export type { AmqpNamespace } from './amqp-connection.ts';
export type { AzureCredential } from '../stores/table-client.ts';

/** A publisher that holds a connection. */
export interface ServiceBusPublisher extends Publisher {
  readonly ordered: true;
  /** Closes the connection, unless it is that of a client that was given. */
  close(): Promise<void>;
}

// Transfers of one link that wait for their answer at once.
const most = 32;
const service = 'Service Bus';
const contentType = 'application/cloudevents+json; charset=utf-8';

/**
 * Sends events to a queue or topic of Azure Service Bus, as they are stored: structured, with the partition as session, so that a queue with
 * sessions keeps its order, and with a message id made of source and id, so that a queue with duplicate detection drops a repetition.
 *
 * Events of one partition go in batches, one after the other, and none after one that failed. The subject of a message is the event's type; a message
 * lives no longer than a command may. A message that is too large fails for good (`limit-exceeded`); everything else may be tried again.
 *
 * @throws {HearthError} `invalid-option` when nothing says how to get there.
 */
export function serviceBusPublisher(where: ServiceBusWhere): ServiceBusPublisher {
  const { open, close } = senderTo(where);
  const openBatch = async () => {
    const sender = await open();
    const batch = await sender.createMessageBatch();
    return {
      tryAdd: (message: ServiceBusMessage) => batch.tryAddMessage(message),
      send: () => sender.sendMessages(batch as never),
    };
  };
  const failureOf = (cause: unknown) => amqpFailure(cause, service);
  return {
    ordered: true,
    publish: (events) =>
      inLanes(
        events,
        (lane) => sendInBatches(lane.map(messageOf), { open: openBatch, failureOf }),
        { most },
      ),
    close,
  };
}

function messageOf({ event, body, traceparent }: Outgoing): ServiceBusMessage | HearthError {
  const timeToLive = leftToLive(event);
  if (timeToLive instanceof HearthError) return timeToLive;
  const lane = partitionOf(event);
  return {
    body: Buffer.from(body),
    contentType,
    messageId: messageId(event),
    subject: event.type,
    ...(lane === '' ? {} : { sessionId: bounded(lane) }),
    ...(timeToLive === undefined ? {} : { timeToLive }),
    ...(traceparent === undefined ? {} : { applicationProperties: { traceparent } }),
  };
}
