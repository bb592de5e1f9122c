import type { SNSClient } from '@aws-sdk/client-sns';
import type { Outgoing, Publisher } from '@hearth/core/ports';
import { clientDefaults, lazily } from '../lazily.ts';
import { batchPublisher } from '../sending/batch-publisher.ts';
import { attributeBytes, attributesOf, entryResults, fifoIds } from '../sending/entries.ts';
import { assertPositive, assertText, type SendingOptions } from '../sending/options.ts';

/** Which topic, and how it is reached. */
export interface SnsPublisherOptions extends SendingOptions {
  /** The ARN of a topic; a FIFO topic is known by its name, which ends with `.fifo`. */
  readonly topicArn: string;
  /** A client of your own; otherwise one is made on first use, with the region and the credentials of the environment. */
  readonly client?: SNSClient;
}

// A message and a request may have 256 KiB.
const most = 262_144;
const maxEventBytes = most - 1_024;

/**
 * Publishes events to a topic, up to ten in one request: the stored bytes, with the attributes `content-type` and `traceparent`. Give
 * subscriptions raw message delivery, or read SNS's envelope.
 *
 * A FIFO topic keeps the events of a partition in order (its message group) and takes an event once within five minutes. A standard topic
 * keeps no order. Each entry of an answer is looked at. An event above 255 KiB fails for good (`limit-exceeded`), and so does one that SNS
 * finds invalid (`invalid-event`); everything else may be tried again. It needs `sns:Publish`.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function snsPublisher(options: SnsPublisherOptions): Publisher {
  const { topicArn, client: given, timeoutMs, concurrency = 16 } = options;
  assertText('topicArn', topicArn);
  assertPositive('concurrency', concurrency);
  const open = lazily('@aws-sdk/client-sns', 'publisher-unavailable', async () => {
    const sdk = await import('@aws-sdk/client-sns');
    return { sdk, client: given ?? new sdk.SNSClient(clientDefaults(timeoutMs)) };
  });
  const ordered = topicArn.endsWith('.fifo');
  const where = `The topic "${topicArn.slice(topicArn.lastIndexOf(':') + 1)}"`;
  const entryOf = (outgoing: Outgoing, index: number) => ({
    Id: String(index),
    Message: outgoing.body,
    MessageAttributes: attributesOf(outgoing),
    ...(ordered ? fifoIds(outgoing.event) : {}),
  });
  return batchPublisher({
    where,
    ordered,
    maxEventBytes,
    maxRequestBytes: most,
    entryBytes: attributeBytes,
    concurrency,
    async send(batch) {
      const { sdk, client } = await open();
      const { Successful, Failed } = await client.send(
        new sdk.PublishBatchCommand({
          TopicArn: topicArn,
          PublishBatchRequestEntries: batch.map(entryOf),
        }),
      );
      return entryResults(where, batch.length, Successful, Failed);
    },
  });
}
