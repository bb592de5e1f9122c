import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import type { Publisher } from '@hearth/core/ports';
import { faultyProxy, type FaultyProxy, type ProxyExchange } from '@hearth/emulators/faulty-proxy';
import type { PublisherHarness, Received } from '@hearth/testing/conformance';
import { eventBridgePublisher } from '../src/event-bridge/index.ts';
import { iotData } from '../src/iot-data/index.ts';
import { snsPublisher } from '../src/sns/index.ts';
import { sqsPublisher } from '../src/sqs/index.ts';
import { aws } from './aws.ts';
import { failEvents, failIot, failSns, failSqs, type FailEntries } from './entries.ts';

/** A publisher with its other end, and the network in between. */
export interface OpenedPublisher extends PublisherHarness {
  readonly proxy: FaultyProxy;
}

/** Opens publishers whose other ends are on one emulator. */
export interface Publishers {
  sqs(kind: 'standard' | 'fifo'): Promise<OpenedPublisher>;
  sns(kind: 'standard' | 'fifo'): Promise<OpenedPublisher>;
  eventBridge(): Promise<OpenedPublisher>;
  /** A bus with a rule that brings all events to a queue. */
  eventBridgeToQueue(): Promise<{ readonly publisher: Publisher; readonly queueUrl: string }>;
  iotData(): Promise<OpenedPublisher>;
  /** A new standard queue. */
  queue(): Promise<string>;
  /** What has come to a queue. */
  messages(queueUrl: string): Promise<readonly Message[]>;
  stop(): Promise<void>;
}

let count = 0;

/** Makes queues, topics and buses on the emulator at `url`. */
export function publishers(url: string): Publishers {
  const own = new SQSClient(aws(url));
  const buses = new EventBridgeClient(aws(url));
  const proxies: FaultyProxy[] = [];
  const nameOf = (kind: 'standard' | 'fifo') => {
    count += 1;
    return `hearth-${process.pid}-${count}${kind === 'fifo' ? '.fifo' : ''}`;
  };
  const createQueue = async (name: string) => {
    const Attributes = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    const { QueueUrl = '' } = await own.send(
      new CreateQueueCommand({ QueueName: name, Attributes }),
    );
    return QueueUrl;
  };
  const opened = async (
    fail: FailEntries,
    connect: (endpoint: string) => Publisher,
    rest: (
      proxy: FaultyProxy,
    ) => Pick<PublisherHarness, 'received' | 'structured' | 'maxEventBytes'>,
  ): Promise<OpenedPublisher> => {
    const proxy = await faultyProxy(url);
    proxies.push(proxy);
    return {
      publisher: connect(proxy.url),
      proxy,
      failFor: (ids) => proxy.plan((request) => fail(request, ids)),
      cutOff: () => proxy.cutOff(),
      ...rest(proxy),
    };
  };
  const takenFrom = (queueUrl: string, read: (body: string) => Received) => {
    const taken: Received[] = [];
    return async () => {
      for (const { Body = '' } of await take(own, queueUrl)) taken.push(read(Body));
      return taken;
    };
  };
  return {
    async sqs(kind) {
      const queueUrl = await createQueue(nameOf(kind));
      const maxEventBytes = 200_000;
      return opened(
        failSqs,
        (endpoint) =>
          sqsPublisher({ queueUrl, maxEventBytes, client: new SQSClient(aws(endpoint)) }),
        () => ({ received: takenFrom(queueUrl, asSent), structured: true, maxEventBytes }),
      );
    },
    async sns(kind) {
      const name = nameOf(kind);
      const queueUrl = await createQueue(name);
      const topics = new SNSClient(aws(url));
      const Attributes: Record<string, string> = kind === 'fifo' ? { FifoTopic: 'true' } : {};
      const { TopicArn: topicArn = '' } = await topics.send(
        new CreateTopicCommand({ Name: name, Attributes }),
      );
      await topics.send(
        new SubscribeCommand({
          TopicArn: topicArn,
          Protocol: 'sqs',
          Endpoint: topicArn.replace(':sns:', ':sqs:'),
          Attributes: { RawMessageDelivery: 'true' },
        }),
      );
      return opened(
        failSns,
        (endpoint) => snsPublisher({ topicArn, client: new SNSClient(aws(endpoint)) }),
        () => ({ received: takenFrom(queueUrl, asSent), structured: true, maxEventBytes: 261_120 }),
      );
    },
    async eventBridge() {
      const bus = nameOf('standard');
      await buses.send(new CreateEventBusCommand({ Name: bus }));
      return opened(
        failEvents,
        (endpoint) => eventBridgePublisher({ bus, client: new EventBridgeClient(aws(endpoint)) }),
        // A rule that brings events to a queue costs the emulator 0.2 s an event: what it took is what arrived.
        ({ exchanges }) => ({
          received: async () => exchanges.flatMap(takenByBus),
          maxEventBytes: 998_976,
        }),
      );
    },
    async eventBridgeToQueue() {
      const name = nameOf('standard');
      const queueUrl = await createQueue(name);
      await buses.send(new CreateEventBusCommand({ Name: name }));
      const EventPattern = JSON.stringify({ detail: { type: [{ exists: true }] } });
      await buses.send(new PutRuleCommand({ Name: name, EventBusName: name, EventPattern }));
      const Targets = [{ Id: '1', Arn: `arn:aws:sqs:us-east-1:123456789012:${name}` }];
      await buses.send(new PutTargetsCommand({ Rule: name, EventBusName: name, Targets }));
      return { publisher: eventBridgePublisher({ bus: name, client: buses }), queueUrl };
    },
    iotData: () =>
      opened(
        failIot,
        (endpoint) => iotData({ client: new IoTDataPlaneClient(aws(endpoint)) }),
        // The emulator takes a message and does nothing with it: what it took is what arrived.
        ({ exchanges }) => ({
          received: async () => exchanges.map(({ request }) => asSent(request.body.toString())),
          structured: true,
          maxEventBytes: 131_072,
        }),
      ),
    queue: () => createQueue(nameOf('standard')),
    messages: (queueUrl) => take(own, queueUrl),
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      own.destroy();
    },
  };
}

function asSent(body: string): Received {
  return { id: (JSON.parse(body) as Received).id, body };
}

function takenByBus({ request, answer }: ProxyExchange): readonly Received[] {
  const asked = JSON.parse(request.body.toString()) as { readonly Entries: { Detail: string }[] };
  const results = JSON.parse(answer.body.toString()) as {
    readonly Entries: { EventId?: string }[];
  };
  return asked.Entries.flatMap(({ Detail }, index) =>
    results.Entries[index]?.EventId === undefined ? [] : [{ id: asSent(Detail).id }],
  );
}

/** Takes all that is in a queue out of it, first things first. */
async function take(client: SQSClient, QueueUrl: string): Promise<readonly Message[]> {
  const all: Message[] = [];
  for (;;) {
    const receive = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    });
    const { Messages = [] } = await client.send(receive);
    if (Messages.length === 0) return all;
    all.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}
