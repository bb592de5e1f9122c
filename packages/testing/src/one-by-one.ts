import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';

/**
 * Publishes event by event, `around` deciding about each. If the publisher is ordered, what follows a failure in its partition is
 * skipped, as the publisher itself would have done it.
 */
export async function eachInOrder(
  publisher: Publisher,
  events: readonly Outgoing[],
  around: (send: () => Promise<PublishResult>, index: number) => Promise<PublishResult>,
): Promise<readonly PublishResult[]> {
  const stopped = new Set<string>();
  const results: PublishResult[] = [];
  for (const [index, outgoing] of events.entries()) {
    const partition = outgoing.event.partitionkey ?? outgoing.event.subject ?? '';
    if (stopped.has(partition)) {
      results.push({ outcome: 'skipped' });
      continue;
    }
    const send = async () => (await publisher.publish([outgoing]))[0] ?? { outcome: 'skipped' };
    const result = await around(send, index);
    if (publisher.ordered === true && result.outcome !== 'published') stopped.add(partition);
    results.push(result);
  }
  return results;
}

/** What a publisher promises besides publishing; whoever stands in for it promises the same. */
export function mannersOf(publisher: Publisher): Omit<Publisher, 'publish'> {
  const ordered = publisher.ordered === true;
  if (publisher.destination === undefined) return { ordered };
  return { ordered, destination: (event) => publisher.destination?.(event) ?? '' };
}
