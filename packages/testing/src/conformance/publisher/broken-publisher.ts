import {
  memoryPublisher,
  type Outgoing,
  type Publisher,
  type PublishResult,
} from '@hearth/core/ports';
import { HearthError } from '@hearth/core/event';
import { faultyPublisher } from '../../faults.ts';
import { unmetNeed, type PublisherCase, type PublisherHarness } from './publisher-case.ts';

/** A publisher with one defect, and the names of exactly the cases that must fail because of it. */
export interface BrokenPublisher {
  readonly name: string;
  readonly breaks: readonly string[];
  open(): Promise<PublisherHarness>;
}

/** What a twin does otherwise than the publisher that it wraps. */
export type PublisherDefect = (inner: Publisher) => Partial<Publisher>;

const maxEventBytes = 8_192;

/** A harness over a memory publisher; with a defect, over a broken twin of it. It can do all that a case may need. */
export function memoryPublisherHarness(
  defect: PublisherDefect = () => ({}),
): Required<PublisherHarness> {
  const memory = memoryPublisher({ maxEventBytes });
  let failing: ReadonlySet<string> = new Set();
  let down = false;
  const inner = faultyPublisher(memory, ({ id }) =>
    down ? 'down' : failing.has(id) ? 'failed' : undefined,
  );
  return {
    publisher: { ...inner, ...defect(inner) },
    received: async () => memory.published.map(({ event, body }) => ({ id: event.id, body })),
    failFor(ids) {
      failing = new Set(ids);
    },
    cutOff() {
      down = true;
    },
    maxEventBytes,
    structured: true,
  };
}

/** Runs cases one by one, each on a fresh harness, and names those that fail. A case whose needs are not met is left out. */
export async function failingPublisherCases(
  cases: readonly PublisherCase[],
  open: () => Promise<PublisherHarness>,
): Promise<readonly string[]> {
  const failing: string[] = [];
  for (const each of cases) {
    const harness = await open();
    if (unmetNeed(each, harness) !== undefined) continue;
    await each.run(harness).catch(() => failing.push(each.name));
  }
  return failing;
}

/** Describes a twin by its defect. */
export function publisherTwin(
  name: string,
  breaks: readonly string[],
  defect: PublisherDefect,
): BrokenPublisher {
  return { name, breaks, open: async () => memoryPublisherHarness(defect) };
}

/** A result that says no. */
export function failed(retryable = true): PublishResult {
  const error = new HearthError('publisher-unavailable', 'It was not published.', { retryable });
  return { outcome: 'failed', error };
}

/** Publishes one event at once, in a call of its own. */
export async function publishOne(inner: Publisher, event: Outgoing): Promise<PublishResult> {
  return (await inner.publish([event]))[0] ?? failed();
}

/** How a twin publishes. */
export type Publish = (
  inner: Publisher,
  events: readonly Outgoing[],
) => Promise<readonly PublishResult[]>;

/** Describes a twin by how it publishes. */
export function twin(name: string, breaks: readonly string[], publish: Publish): BrokenPublisher {
  return publisherTwin(name, breaks, (inner) => ({ publish: (events) => publish(inner, events) }));
}

/** Publishes event by event, in order. */
export async function oneByOne(
  events: readonly Outgoing[],
  send: (event: Outgoing) => Promise<PublishResult>,
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = [];
  for (const event of events) results.push(await send(event));
  return results;
}
