import type { CloudEvent } from '@hearth/core/event';
import type { Outgoing, PublishResult } from '@hearth/core/ports';

/** What is kept in order together: the event's `partitionkey`, else its subject. */
export function partitionOf({ partitionkey, subject = '' }: CloudEvent): string {
  return partitionkey ?? subject;
}

/**
 * Sends the events of each partition one after the other, and partitions at once. After a failure the rest of its partition is skipped.
 * `sendOne` never rejects.
 */
export async function inOrder(
  events: readonly Outgoing[],
  sendOne: (outgoing: Outgoing) => Promise<PublishResult>,
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = events.map(() => ({ outcome: 'skipped' }));
  const lanes = new Map<string, number[]>();
  events.forEach(({ event }, at) => {
    const partition = partitionOf(event);
    const lane = lanes.get(partition);
    if (lane === undefined) lanes.set(partition, [at]);
    else lane.push(at);
  });
  const sendLane = async (lane: readonly number[]) => {
    for (const at of lane) {
      const result = await sendOne(events[at] as Outgoing);
      results[at] = result;
      if (result.outcome === 'failed') return;
    }
  };
  await Promise.all([...lanes.values()].map(sendLane));
  return results;
}
