import {
  assertReachable,
  connection,
  retryOptions,
  type AmqpNamespace,
  type Connection,
} from './amqp-connection.ts';

/** A message as Service Bus takes it. */
export interface ServiceBusMessage {
  readonly body: Buffer;
  readonly contentType: string;
  readonly messageId: string;
  readonly sessionId?: string;
  readonly subject?: string;
  readonly timeToLive?: number;
  readonly applicationProperties?: Record<string, string>;
}

/** What is used of a batch of `@azure/service-bus`. */
export interface ServiceBusBatchLike {
  tryAddMessage(message: ServiceBusMessage): boolean;
}

/** What is used of a sender of `@azure/service-bus`. */
export interface ServiceBusSenderLike {
  createMessageBatch(): Promise<ServiceBusBatchLike>;
  /** Takes what `createMessageBatch` gave; the SDK's own type of it says more than is used here. */
  sendMessages(batch: never): Promise<void>;
  scheduleMessages(message: ServiceBusMessage, at: Date): Promise<unknown>;
}

/** What is used of the `ServiceBusClient` of `@azure/service-bus`. */
export interface ServiceBusClientLike {
  createSender(queueOrTopic: string): ServiceBusSenderLike;
  close(): Promise<void>;
}

/** Where messages go: a queue or topic of a namespace. */
export interface ServiceBusWhere extends AmqpNamespace {
  /** The name of the queue or topic. */
  readonly to: string;
  /** A `ServiceBusClient` to use instead; whoever gives it closes it. */
  readonly client?: ServiceBusClientLike;
}

/** The sender of a queue or topic, opened on first use. */
export function senderTo(where: ServiceBusWhere): Connection<ServiceBusSenderLike> {
  const { to, client } = where;
  assertReachable('to', to, where);
  return connection(async () => {
    if (client !== undefined)
      return { used: client.createSender(to), close: async () => undefined };
    const own = await newClient(where);
    return { used: own.createSender(to), close: () => own.close() };
  });
}

async function newClient(where: ServiceBusWhere): Promise<ServiceBusClientLike> {
  const { connectionString, namespace = '', credential } = where;
  const { ServiceBusClient } = await import('@azure/service-bus');
  const options = { retryOptions: retryOptions(where) };
  if (connectionString === undefined) {
    return new ServiceBusClient(namespace, credential as never, options);
  }
  return new ServiceBusClient(await connectionString(), options);
}
