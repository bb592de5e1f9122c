import { hash } from 'node:crypto';
import type { CloudEvent } from '@hearth/core/event';
import { partitionOf, type Outgoing, type PublishResult } from '@hearth/core/ports';
import { failed, published } from './failure.ts';

/** What a FIFO queue or topic keeps in order together, and what it recognises as sent already within five minutes. */
export interface FifoIds {
  readonly MessageGroupId: string;
  readonly MessageDeduplicationId: string;
}

// What a group may be called.
const groupName = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

/** The group is the partition, or its hash if it may not be called so; the deduplication id is a hash of source and id. */
export function fifoIds(event: CloudEvent): FifoIds {
  const partition = partitionOf(event);
  const isName = groupName.test(partition);
  return {
    MessageGroupId: isName ? partition : hash('sha256', partition, 'hex'),
    MessageDeduplicationId: hash('sha256', JSON.stringify([event.source, event.id]), 'hex'),
  };
}

/** A text attribute of a message. */
export interface TextAttribute {
  readonly DataType: 'String';
  readonly StringValue: string;
}

/** What is beside a body: what it is, and the trace of this hop. */
export function attributesOf({ traceparent }: Outgoing): Record<string, TextAttribute> {
  const type = { DataType: 'String', StringValue: 'application/cloudevents+json' } as const;
  if (traceparent === undefined) return { 'content-type': type };
  return { 'content-type': type, traceparent: { DataType: 'String', StringValue: traceparent } };
}

/** What the attributes of a message have at most, in bytes: their names, types and values. */
export const attributeBytes = 150;

/** An entry of a batch that was not taken. */
export interface FailedEntry {
  readonly Id?: string | undefined;
  readonly Code?: string | undefined;
  readonly SenderFault?: boolean | undefined;
}

// A fault of the sender that a policy or a key can mend.
const mendable = /AccessDenied|Kms|KMS|Throttl|Limit/;

/**
 * The results of a batch whose entries have the ids 0, 1, …: an accepted request is no accepted entry.
 *
 * What is neither among the successful nor among the failed counts as failed, and is sent again.
 */
export function entryResults(
  where: string,
  count: number,
  successful: readonly { readonly Id?: string | undefined }[] = [],
  refused: readonly FailedEntry[] = [],
): readonly PublishResult[] {
  const done = new Set(successful.map(({ Id }) => Id));
  const why = new Map(refused.map((entry) => [entry.Id, entry]));
  return Array.from({ length: count }, (_, index): PublishResult => {
    const id = String(index);
    if (done.has(id)) return published;
    const { Code = 'no answer', SenderFault = false } = why.get(id) ?? {};
    const retryable = !SenderFault || mendable.test(Code);
    const code = retryable ? 'publisher-unavailable' : 'invalid-event';
    return failed(code, `${where} did not take an event (${Code}).`, { retryable });
  });
}
