import { HearthError } from '../event/error.ts';
import { byteLength } from './fit.ts';
import type { Outgoing, Publisher, PublishResult } from './publisher.ts';

/** How strict a memory publisher is. */
export interface MemoryPublisherOptions {
  /** The largest `body` in UTF-8 bytes: 256 KiB unless told otherwise, which every supported way out can carry. */
  readonly maxEventBytes?: number;
  /** Whether each `body` is parsed and compared with its event (default `true`). A simulation of millions does without. */
  readonly verify?: boolean;
}

/** A publisher that keeps what it was given. */
export interface MemoryPublisher extends Publisher {
  readonly ordered: true;
  /** Everything published so far, first things first, repetitions included. */
  readonly published: readonly Outgoing[];
  readonly now: { publish(events: readonly Outgoing[]): readonly PublishResult[] };
  /** Forgets what was published. */
  clear(): void;
}

/**
 * Collects events, as strictly as a broker would.
 *
 * Fails for good, not to be tried again: an event over the size (`limit-exceeded`) and one whose `body` is not the event
 * (`invalid-event`). What follows such an event in its partition is `skipped`.
 */
export function memoryPublisher(options: MemoryPublisherOptions = {}): MemoryPublisher {
  const { maxEventBytes = 262_144, verify = true } = options;
  let published: Outgoing[] = [];
  const publish = (events: readonly Outgoing[]): readonly PublishResult[] => {
    const stopped = new Set<string>();
    return events.map((outgoing) => {
      const partition = partitionOf(outgoing);
      if (stopped.has(partition)) return { outcome: 'skipped' };
      const error = oversized(outgoing, maxEventBytes) ?? (verify ? forged(outgoing) : undefined);
      if (error === undefined) {
        published.push(outgoing);
        return accepted;
      }
      stopped.add(partition);
      return { outcome: 'failed', error };
    });
  };
  return {
    ordered: true,
    get published() {
      return published;
    },
    now: { publish },
    publish: async (events) => publish(events),
    clear() {
      published = [];
    },
  };
}

const accepted: PublishResult = { outcome: 'published' };

function partitionOf({ event }: Outgoing): string {
  return event.partitionkey ?? event.subject ?? '';
}

function oversized({ event, body }: Outgoing, maxEventBytes: number): HearthError | undefined {
  if (body.length * 3 <= maxEventBytes) return undefined;
  const size = byteLength(body);
  if (size <= maxEventBytes) return undefined;
  const message = `The event "${event.id}" has ${size} bytes; the publisher takes ${maxEventBytes}.`;
  return new HearthError('limit-exceeded', message);
}

function forged({ event, body }: Outgoing): HearthError | undefined {
  try {
    const parsed = JSON.parse(body) as Partial<typeof event> | null;
    if (parsed?.id === event.id && parsed.source === event.source) return undefined;
    return new HearthError(
      'invalid-event',
      `The body of the event "${event.id}" is another event.`,
    );
  } catch (cause) {
    const message = `The body of the event "${event.id}" is no JSON.`;
    return new HearthError('invalid-event', message, { cause });
  }
}
