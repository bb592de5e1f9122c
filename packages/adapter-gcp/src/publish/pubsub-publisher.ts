import { HearthError, isHearthError } from '@hearth/core/event';
import type { CloudEvent } from '@hearth/core/event';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { connectionTo, type PubsubClient, type PubsubTopic, type PubsubWhere } from './client.ts';
import { isAboutEverything, publishFailure } from './failure.ts';
import { messageOf, partitionOf, type PubsubMessage, type PubsubMode } from './message.ts';

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
      const results: PublishResult[] = events.map(() => ({ outcome: 'skipped' }));
      const lanes = lanesOf(events, topicOf);
      await Promise.all(
        lanes.map(async ({ name, entries }) => {
          if (topicName.test(name))
            return publishLane(topicNamed(client, name), entries, mode, results);
          for (const [, at] of entries) results[at] = nowhere;
        }),
      );
      return results;
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

type Entry = readonly [outgoing: Outgoing, at: number];

interface Lane {
  readonly name: string;
  readonly entries: Entry[];
}

/** The events by topic and partition, each with its place in the call. */
function lanesOf(events: readonly Outgoing[], topicOf: (event: CloudEvent) => string): Lane[] {
  const lanes = new Map<string, Lane>();
  events.forEach((outgoing, at) => {
    const name = topicOf(outgoing.event);
    const key = `${name} ${partitionOf(outgoing)}`;
    const lane = lanes.get(key) ?? { name, entries: [] };
    lane.entries.push([outgoing, at]);
    lanes.set(key, lane);
  });
  return [...lanes.values()];
}

const published: PublishResult = { outcome: 'published' };

/** Publishes the events of one partition; what comes after a failure stays skipped. */
async function publishLane(
  topic: PubsubTopic,
  entries: readonly Entry[],
  mode: PubsubMode,
  results: PublishResult[],
): Promise<void> {
  const messages = entries.map(([outgoing]) => messageOf(outgoing, mode));
  const end = messages.findIndex(isHearthError);
  const fitting = (end < 0 ? messages : messages.slice(0, end)) as readonly PubsubMessage[];
  const { sent, error } = await publishAll(topic, fitting);
  for (const [, at] of entries.slice(0, sent)) results[at] = published;
  const failure = sent < fitting.length ? error : end < 0 ? undefined : messages[end];
  const failed = entries[sent]?.[1];
  if (failed !== undefined && failure !== undefined) {
    results[failed] = { outcome: 'failed', error: publishFailure(failure) };
  }
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
