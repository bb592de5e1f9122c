import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Outgoing, Publisher } from '@hearth/core/ports';
import { batchPublisher } from '../sending/batch-publisher.ts';
import { attributeBytes, attributesOf, entryResults, fifoIds } from '../sending/entries.ts';
import { assertPositive, assertText, type SendingOptions } from '../sending/options.ts';
import { sqsClient } from './sqs-client.ts';

/** Which queue, and how it is reached. */
export interface SqsPublisherOptions extends SendingOptions {
  /** The URL of a queue; a FIFO queue is known by its name, which ends with `.fifo`. */
  readonly queueUrl: string;
  /** A client of your own; otherwise one is made on first use, with the region and the credentials of the environment. */
  readonly client?: SQSClient;
  /** The largest event in bytes: 1 MiB less 1 KiB unless given. Give less for a queue whose `MaximumMessageSize` is smaller. */
  readonly maxEventBytes?: number;
}

/**
 * Sends events to a queue, up to ten in one request: the stored bytes, with the attributes `content-type` and `traceparent`.
 *
 * A FIFO queue keeps the events of a partition in order (its message group) and takes an event once within five minutes (its deduplication id
 * is made of source and id). A standard queue keeps no order. Each entry of an answer is looked at. An event that is too large
 * fails for good (`limit-exceeded`), and so does one that SQS finds invalid (`invalid-event`); everything else may be tried again.
 * It needs `sqs:SendMessage`.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function sqsPublisher(options: SqsPublisherOptions): Publisher {
  const { queueUrl, maxEventBytes = most - 1_024, concurrency = 16 } = options;
  assertText('queueUrl', queueUrl);
  assertPositive('concurrency', concurrency);
  assertPositive('maxEventBytes', maxEventBytes);
  const open = sqsClient(options);
  const ordered = queueUrl.endsWith('.fifo');
  const where = `The queue "${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}"`;
  const entryOf = (outgoing: Outgoing, index: number) => ({
    Id: String(index),
    MessageBody: outgoing.body,
    MessageAttributes: attributesOf(outgoing),
    ...(ordered ? fifoIds(outgoing.event) : {}),
  });
  return batchPublisher({
    where,
    ordered,
    maxEventBytes,
    maxRequestBytes: Math.max(maxEventBytes + attributeBytes, Math.min(most, maxEventBytes * 10)),
    entryBytes: attributeBytes,
    concurrency,
    async send(batch) {
      const { sdk, client } = await open();
      const { Successful, Failed } = await client.send(
        new sdk.SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: batch.map(entryOf) }),
      );
      return entryResults(where, batch.length, Successful, Failed);
    },
  });
}

// What one request may have, and one message as well.
const most = 1_048_576;
