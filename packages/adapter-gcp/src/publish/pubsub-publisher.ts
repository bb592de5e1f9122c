import { HearthError, isHearthError } from '@hearth/core/event';
import type { CloudEvent } from '@hearth/core/event';
import { inLanes, partitionOf } from '@hearth/core/ports';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { connectionTo, type PubsubClient, type PubsubTopic, type PubsubWhere } from './client.ts';
import { isAboutEverything, publishFailure } from './failure.ts';
import { messageOf, type PubsubMessage, type PubsubMode } from './message.ts';

/** Where and how events are published. */
export interface PubsubPublisherOptions extends PubsubWhere {
  /** The topic: its name, or `projects/<project>/topics/<name>`; or a function that names it for each event. */
  readonly topic: string | ((event: CloudEvent) => string);
  /** `structured` (the default) sends the stored bytes, `binary` the data with `ce-` attributes. */
  readonly mode?: PubsubMode;
  /** How long a request may take (ms): 10,000 unless given. */
  readonly timeoutMs?: number;
}

/** A publisher that may hold a connection. */
export interface PubsubPublisher extends Publisher {
  readonly ordered: true;
  /** Closes the connection, unless the client was given. */
  close(): Promise<void>;
}

/**
 * Publishes events to Pub/Sub.
 *
 * The ordering key is the event's `partitionkey`, else its `subject`: events of a partition stay in order, after a failure as well, and
 * subscriptions with message ordering deliver them so. Partitions are sent at once. Each message has attributes `ce-…` and
 * `content-type`, and `traceparent` where there is a trace. An event over 10 MB fails for good (`limit-exceeded`). Nothing of the SDK
 * is loaded before the first event.
 *
 * @throws {HearthError} `invalid-option` for options that cannot be used; publishing without the SDK rejects with it.
 */
export function pubsubPublisher(options: PubsubPublisherOptions): PubsubPublisher {
  const { topic, mode = 'structured', timeoutMs = 10_000 } = options;
  assertOptions(topic, timeoutMs);
  const connection = connectionTo(options);
  const topicOf = typeof topic === 'string' ? () => topic : namer(topic);
  const topics = new Map<string, PubsubTopic>();
  const topicNamed = (client: PubsubClient, name: string): PubsubTopic => {
    const known = topics.get(name) ?? client.topic(name, publishOptions(timeoutMs));
    topics.set(name, known);
    return known;
  };
  return {
    ordered: true,
    destination: topicOf,
    close: () => connection.close(),
    async publish(events) {
      if (events.length === 0) return [];
      const client = await connection.open();
      const send = async (lane: readonly Outgoing[]) => {
        const name = topicOf((lane[0] as Outgoing).event);
        if (!topicName.test(name)) return lane.map(() => nowhere);
        return publishLane(topicNamed(client, name), lane, mode);
      };
      return inLanes(events, send, {
        laneOf: (event) => `${topicOf(event)} ${partitionOf(event)}`,
      });
    },
  };
}

const topicName = /^(projects\/[^/]+\/topics\/)?[^/]{3,255}$/;

const nowhere: PublishResult = {
  outcome: 'failed',
  error: new HearthError('invalid-option', '"topic" named no topic for this event.', {
    field: 'topic',
  }),
};

/** Names topics by a function of the user; where that throws, it has named none. */
function namer(topic: (event: CloudEvent) => string): (event: CloudEvent) => string {
  return (event) => {
    try {
      return topic(event);
    } catch {
      return '';
    }
  };
}

/** The SDK would wait for more messages, and try again for ten minutes; the core does both better. */
function publishOptions(timeoutMs: number): object {
  return {
    messageOrdering: true,
    batching: { maxMilliseconds: 0, maxMessages: 1_000 },
    gaxOpts: { timeout: timeoutMs, retry: { retryCodes: [], backoffSettings: {} } },
  };
}

const published: PublishResult = { outcome: 'published' };
const failed = (error: HearthError): PublishResult => ({ outcome: 'failed', error });

/** Publishes the events of one partition; gives results up to the first failure. */
async function publishLane(
  topic: PubsubTopic,
  lane: readonly Outgoing[],
  mode: PubsubMode,
): Promise<readonly PublishResult[]> {
  const messages = lane.map((outgoing) => messageOf(outgoing, mode));
  const end = messages.findIndex(isHearthError);
  const fitting = (end < 0 ? messages : messages.slice(0, end)) as readonly PubsubMessage[];
  const { sent, error } = await publishAll(topic, fitting);
  const results = fitting.slice(0, sent).map(() => published);
  if (sent < fitting.length) return [...results, failed(publishFailure(error))];
  return end < 0 ? results : [...results, failed(messages[end] as HearthError)];
}

interface Sent {
  /** How many of the messages, from the front, have been published. */
  readonly sent: number;
  readonly error?: unknown;
}

/**
 * Publishes messages together, which Pub/Sub takes or refuses as a whole. If it refuses them, they are sent again one by one: one of them
 * must not hold up those before it.
 */
async function publishAll(topic: PubsubTopic, messages: readonly PubsubMessage[]): Promise<Sent> {
  const together = await publishTogether(topic, messages);
  const { sent, error } = together;
  if (sent === messages.length || messages.length === 1 || isAboutEverything(error))
    return together;
  for (let at = sent; at < messages.length; at += 1) {
    const one = await publishTogether(topic, messages.slice(at, at + 1));
    if (one.sent === 0) return { ...one, sent: at };
  }
  return { sent: messages.length };
}

async function publishTogether(
  topic: PubsubTopic,
  messages: readonly PubsubMessage[],
): Promise<Sent> {
  const settled = await Promise.allSettled(
    // The SDK throws for a message that it cannot take.
    messages.map(async (message) => topic.publishMessage(message)),
  );
  const sent = settled.findIndex(({ status }) => status === 'rejected');
  if (sent < 0) return { sent: messages.length };
  // Until then the SDK refuses whatever has this key.
  const key = messages[sent]?.orderingKey;
  if (key !== undefined) topic.resumePublishing(key);
  return { sent, error: (settled[sent] as PromiseRejectedResult).reason };
}

function assertOptions(topic: PubsubPublisherOptions['topic'], timeoutMs: number): void {
  if (typeof topic !== 'function' && !topicName.test(topic ?? '')) {
    const message = '"topic" must be a name of 3 signs or more, or "projects/…/topics/…".';
    throw new HearthError('invalid-option', message, { field: 'topic' });
  }
  if (Number.isSafeInteger(timeoutMs) && timeoutMs > 0) return;
  const message = '"timeoutMs" must be a positive integer.';
  throw new HearthError('invalid-option', message, { field: 'timeoutMs' });
}
