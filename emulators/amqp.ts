import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import rhea, {
  type Connection,
  type EventContext,
  type Message,
  type Receiver,
  type Sender,
} from 'rhea';

const { create_container, message: codec, types } = rhea;

/** A message that arrived, unpacked from its batch. */
export interface ArrivedMessage {
  /** The address that it was sent to: a queue, a topic, or an event hub. */
  readonly to: string;
  readonly body: Buffer;
  readonly messageId: string | undefined;
  readonly contentType: string | undefined;
  readonly subject: string | undefined;
  /** The session of Service Bus. */
  readonly groupId: string | undefined;
  /** How long it may live, in ms. */
  readonly ttl: number | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  /** What Azure puts beside a message: `x-opt-partition-key`, `x-opt-scheduled-enqueue-time` and the like. */
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** What becomes of a transfer: `undefined` accepts it, a text refuses it with this AMQP condition, `silence` never answers. */
export type AmqpPlan = (messages: readonly ArrivedMessage[]) => string | undefined;

/** An AMQP 1.0 server that takes what the clients of Event Hubs and Service Bus send. */
export interface AmqpServer {
  readonly connectionString: string;
  /** Everything that was accepted, first things first. */
  readonly arrived: ArrivedMessage[];
  /** What was asked to be scheduled. */
  readonly scheduled: ArrivedMessage[];
  /** How many transfers there were, refused ones included. */
  transfers(): number;
  /** Follows another plan from now on; without one, all is accepted. */
  plan(plan?: AmqpPlan): void;
  /** Closes the port and breaks all connections, so that nothing can be reached any more. */
  stop(): Promise<void>;
}

/**
 * Starts a small AMQP 1.0 server on `rhea` that the real clients of `@azure/service-bus` and `@azure/event-hubs` send to.
 *
 * Real: the protocol, links, credit, batches, sizes, refusals, the put-token of a connection, scheduling. Not real: nothing is stored
 * or delivered; sessions, duplicate detection, partitions and rights are not looked at.
 */
export async function startAmqp(maxMessageBytes = 262_144): Promise<AmqpServer> {
  const container = create_container({ id: 'hearth-amqp' });
  container.sasl_server_mechanisms.enable_anonymous();
  const state: State = { arrived: [], scheduled: [], transfers: 0, plan: () => undefined };
  const connections = new Set<Connection>();
  container.on('connection_open', ({ connection }: EventContext) => connections.add(connection));
  for (const name of ['connection_close', 'disconnected']) {
    container.on(name, ({ connection }: EventContext) => connections.delete(connection));
  }
  // A client that is cut off is what some tests are about.
  for (const name of ['error', 'connection_error', 'session_error', 'protocol_error']) {
    container.on(name, () => undefined);
  }
  container.on('receiver_open', ({ receiver }: EventContext) => {
    receiver?.set_target({ address: addressOf(receiver) });
  });
  container.on('sender_open', ({ sender }: EventContext) => {
    sender?.set_source({ address: sender.source.address });
  });
  container.on('message', (context: EventContext) => take(state, context));
  const server = container.listen({
    port: 0,
    host: '127.0.0.1',
    receiver_options: { autoaccept: false, max_message_size: maxMessageBytes },
  } as never);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: `Endpoint=sb://127.0.0.1:${port};SharedAccessKeyName=all;SharedAccessKey=a2V5;UseDevelopmentEmulator=true`,
    arrived: state.arrived,
    scheduled: state.scheduled,
    transfers: () => state.transfers,
    plan(plan = () => undefined) {
      state.plan = plan;
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      for (const connection of connections)
        (connection as unknown as { socket: Socket }).socket.destroy();
      await once(server, 'close');
    },
  };
}

interface State {
  readonly arrived: ArrivedMessage[];
  readonly scheduled: ArrivedMessage[];
  transfers: number;
  plan: AmqpPlan;
}

function addressOf(receiver: Receiver): string {
  return receiver.target.address;
}

function take(state: State, { receiver, delivery, message, connection }: EventContext): void {
  if (receiver === undefined || delivery === undefined || message === undefined) return;
  const to = addressOf(receiver);
  if (to === '$cbs' || to.endsWith('/$management')) {
    delivery.accept();
    answer(connection, to, message, to === '$cbs' ? undefined : schedule(state, to, message));
    return;
  }
  const messages = unpacked(message).map((one) => arrivedAt(to, one));
  state.transfers += 1;
  const condition = state.plan(messages);
  if (condition === 'silence') return;
  if (condition === undefined) state.arrived.push(...messages);
  // rhea answers two deliveries that are settled in one turn as if the second had the state of the first.
  setImmediate(() => {
    if (condition === undefined) delivery.accept();
    else delivery.reject({ condition, description: descriptionOf(condition, to) });
  });
}

/** The clients tell a missing queue from a lost connection by this sentence of the service. */
function descriptionOf(condition: string, to: string): string {
  return condition === 'amqp:not-found'
    ? `The messaging entity '${to}' could not be found.`
    : 'as planned';
}

/** Answers a request on the link that its client opened for answers. */
function answer(connection: Connection, from: string, request: Message, body: unknown): void {
  const reply = connection.find_sender(
    (sender: Sender) =>
      sender.source.address === from && sender.target.address === request.reply_to,
  );
  const sender = reply ?? connection.find_sender((one: Sender) => one.source.address === from);
  const status = { statusCode: 200, 'status-code': 200, 'status-description': 'OK' };
  sender?.send({
    to: request.reply_to,
    correlation_id: request.message_id,
    application_properties: status,
    body,
  } as Message);
}

function schedule(state: State, to: string, request: Message): unknown {
  const { messages = [] } = (request.body ?? {}) as { readonly messages?: { message: Buffer }[] };
  const entity = to.slice(0, -'/$management'.length);
  for (const { message } of messages) {
    state.scheduled.push(arrivedAt(entity, decoded(message)));
  }
  const numbers = messages.map((_, index) => state.scheduled.length - index);
  return types.wrap_map({ 'sequence-numbers': types.wrap_array(numbers, 0x81, undefined) });
}

/** The messages of a batch, which is handed over as bytes, or the only one. */
function unpacked(message: Message | Buffer): readonly Message[] {
  if (!Buffer.isBuffer(message)) return [message];
  const { content } = decoded(message).body as { readonly content: Buffer | Buffer[] };
  return [content].flat().map(decoded);
}

function decoded(bytes: Buffer): Message {
  return codec.decode(bytes) as unknown as Message;
}

function arrivedAt(to: string, message: Message): ArrivedMessage {
  const { content } = Object(message.body) as { readonly content?: Buffer };
  return {
    to,
    body: content ?? Buffer.from(String(message.body ?? '')),
    messageId: message.message_id as string | undefined,
    contentType: message.content_type,
    subject: message.subject,
    groupId: message.group_id,
    ttl: message.ttl,
    properties: message.application_properties ?? {},
    annotations: message.message_annotations ?? {},
  };
}
