import { HearthError, isHearthError, type PublishResult } from '@hearth/core';
import type { AmqpFailure } from './amqp-failure.ts';
import { failed, published } from './results.ts';

/** A batch that is being filled. */
export interface OpenBatch<M> {
  /** Whether the message still had room. */
  tryAdd(message: M): boolean;
  send(): Promise<void>;
}

/** How batches are opened, and what their failures mean. */
export interface Batches<M> {
  open(): Promise<OpenBatch<M>>;
  failureOf(cause: unknown): AmqpFailure;
}

/**
 * Sends the messages of one partition in order, in batches as large as the service takes. Gives results for those that it tried, up to
 * the first failure.
 *
 * A batch is taken or refused as a whole. One that may have been refused for one of its messages is sent again, message by message.
 */
export async function sendInBatches<M>(
  messages: readonly (M | HearthError)[],
  batches: Batches<M>,
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = [];
  let alone = 0;
  while (results.length < messages.length) {
    const first = messages[results.length];
    if (isHearthError(first)) return [...results, failed(first)];
    const rest = messages.slice(results.length, alone > 0 ? results.length + 1 : undefined);
    const { count, failure } = await sendBatch(rest, batches);
    if (failure === undefined) {
      results.push(...Array<PublishResult>(count).fill(published));
      alone = Math.max(0, alone - 1);
    } else if (failure.isAboutOne && count > 1) {
      alone = count;
    } else {
      return [...results, ...Array<PublishResult>(count).fill(failed(failure.error))];
    }
  }
  return results;
}

/** Sends as many messages as one batch takes; gives how many it were, at least the first. */
async function sendBatch<M>(
  messages: readonly (M | HearthError)[],
  { open, failureOf }: Batches<M>,
): Promise<{ readonly count: number; readonly failure?: AmqpFailure }> {
  let count = 0;
  try {
    const batch = await open();
    for (const message of messages) {
      if (isHearthError(message) || !batch.tryAdd(message)) break;
      count += 1;
    }
    if (count === 0) return { count: 1, failure: { error: tooLarge, isAboutOne: false } };
    await batch.send();
    return { count };
  } catch (cause) {
    return { count: Math.max(1, count), failure: failureOf(cause) };
  }
}

const tooLarge = new HearthError(
  'limit-exceeded',
  'The event is larger than a batch of this service may be.',
);
