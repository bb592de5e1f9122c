import type { CloudEvent } from '@hearth/core/event';
import { byteLength, inLanes, oneByOne, type Outgoing } from '@hearth/core/ports';
import type { Publisher, PublishResult } from '@hearth/core/ports';
import { atMost } from '../at-most.ts';
import { batcher } from './batcher.ts';
import { isFinal, requestFailed, tooLarge } from './failure.ts';

/** How a service takes events in batches. */
export interface BatchService {
  /** What messages call it: `the queue "…"`. */
  readonly where: string;
  /** Whether it keeps the order of a partition. */
  readonly ordered: boolean;
  /** The largest event (of its stored bytes), and the most bytes of one request with what each entry adds to its event. */
  readonly maxEventBytes: number;
  readonly maxRequestBytes: number;
  readonly entryBytes: number;
  /** Requests at once. */
  readonly concurrency: number;
  /** Sends one request; one result per event, in order. Rejects with the SDK's error if the request failed as a whole. */
  send(batch: readonly Outgoing[]): Promise<readonly PublishResult[]>;
}

// All of them take ten.
const mostEntries = 10;

/**
 * Publishes in requests of up to ten events, which may come from several calls.
 *
 * Where the service keeps order, a request has one event of a partition, because it may refuse one entry and take the next. Where it does
 * not, nothing is gained by waiting: each event is a destination of its own, so that the core hands over all that a record has emitted.
 */
export function batchPublisher(service: BatchService): Publisher {
  const { where, ordered, maxEventBytes, maxRequestBytes, entryBytes, concurrency } = service;
  const limited = atMost(concurrency);
  const submit = batcher<Outgoing, PublishResult>({
    most: mostEntries,
    mostBytes: maxRequestBytes,
    bytesOf: ({ body }) => byteLength(body) + entryBytes,
    send: (batch) => limited(() => sendBatch(service, batch)),
  });
  const sendOne = async (outgoing: Outgoing): Promise<PublishResult> => {
    const bytes = byteLength(outgoing.body);
    return bytes > maxEventBytes ? tooLarge(where, bytes, maxEventBytes) : submit(outgoing);
  };
  if (ordered)
    return { ordered, publish: (events) => inLanes(events, (lane) => oneByOne(lane, sendOne)) };
  return {
    destination: ({ source, id }: CloudEvent) => `${source} ${id}`,
    publish: (events) => Promise.all(events.map(sendOne)),
  };
}

async function sendBatch(
  service: BatchService,
  batch: readonly Outgoing[],
): Promise<readonly PublishResult[]> {
  try {
    return await service.send(batch);
  } catch (error) {
    if (batch.length === 1 || !isFinal(error)) {
      return batch.map(() => requestFailed(service.where, error));
    }
  }
  // One of them makes the service refuse all: alone, each gets an answer of its own.
  const alone = await Promise.all(batch.map((outgoing) => sendBatch(service, [outgoing])));
  return alone.flat();
}
