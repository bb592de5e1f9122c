import type { SQSClient } from '@aws-sdk/client-sqs';
import { HearthError } from '@hearth/core/event';
import { oncePerSecond } from '@hearth/core/ports';
import { batcher } from '../sending/batcher.ts';
import { entryResults } from '../sending/entries.ts';
import { assertText } from '../sending/options.ts';
import { wakeMessage } from '../wake-message.ts';
import type { LaterWake } from '../wake/later-wake.ts';
import { sqsClient } from './sqs-client.ts';

/** The queue of wake-ups, and how it is reached. */
export interface SqsWakeOptions {
  /** The URL of a standard queue. Its messages wake the function behind it, whose trigger is `sqs`; the queue of inputs will do. */
  readonly queueUrl: string;
  /** Takes what is more than 15 minutes ahead: `schedulerWake`. Without it those timers wait for the next sweep. */
  readonly later?: LaterWake;
  /** A client of your own; otherwise one is made on first use, with the region and the credentials of the environment. */
  readonly client?: SQSClient;
  /** How long one attempt of our own client may take, in ms: 900 unless given, for `handle` waits a second. */
  readonly timeoutMs?: number;
}

const longestMs = 900_000;
// A schedule may be a minute late, and then the queue needs a moment.
const earlyMs = 120_000;

/**
 * Gives a `wake` for a runtime: a delayed message for each second in which something is due. Timers are then late by about a second, and
 * by the time between two sweeps where a message could not be sent.
 *
 * An instant is asked for once by a process, however many records wait for it. Rejects with `publisher-unavailable`.
 * It needs `sqs:SendMessage`.
 *
 * @throws {HearthError} `invalid-option` for a queue without a name, or a FIFO queue, which cannot delay single messages.
 */
export function sqsWake(options: SqsWakeOptions): (at: number) => Promise<void> {
  const { queueUrl, later, timeoutMs = 900 } = options;
  assertText('queueUrl', queueUrl);
  if (queueUrl.endsWith('.fifo')) {
    const message =
      '"queueUrl" is a FIFO queue, which cannot delay single messages: give a standard one.';
    throw new HearthError('invalid-option', message, { field: 'queueUrl' });
  }
  const open = sqsClient({ ...options, timeoutMs });
  const send = batcher<number, boolean>({
    most: 10,
    mostBytes: Infinity,
    bytesOf: () => 0,
    async send(instants) {
      const { sdk, client } = await open();
      const Entries = instants.map((at, index) => entryOf(at, index, Date.now()));
      const command = new sdk.SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const { Successful, Failed } = await client.send(command);
      const results = entryResults('The queue', instants.length, Successful, Failed);
      return results.map(({ outcome }) => outcome === 'published');
    },
  });
  const soon = oncePerSecond(async (at) => {
    const isTaken = await send(at).catch((cause: unknown) => {
      throw notAsked(cause);
    });
    if (!isTaken) throw notAsked(undefined);
  }, Date.now);
  // Two memories: who is woken early asks for the same instant again, which is then soon.
  const far = oncePerSecond(async (at) => later?.(at, earlyMs), Date.now);
  return (at) => (at - Date.now() > longestMs ? far(at) : soon(at));
}

function entryOf(at: number, index: number, now: number) {
  const seconds = Math.ceil((at - now) / 1000);
  const DelaySeconds = Math.max(1, Math.min(longestMs / 1000, seconds));
  return { Id: String(index), MessageBody: wakeMessage(at), DelaySeconds };
}

function notAsked(cause: unknown): HearthError {
  const message = 'The queue of wake-ups did not take a message.';
  return new HearthError('publisher-unavailable', message, { retryable: true, cause });
}
