import type { CloudEvent } from '../event/cloud-event.ts';
import type { Outgoing, PublishResult } from './publisher.ts';

/** What is kept in order together on the way out: the event's `partitionkey`, else its subject; `''` for an event with neither. */
export function partitionOf({ partitionkey, subject }: CloudEvent): string {
  return partitionkey ?? subject ?? '';
}

/** How events are sent by lane. */
export interface LaneOptions {
  /** How many lanes are sent at once; all of them unless given. */
  readonly most?: number;
  /** What names the lane of an event; its partition unless given. */
  readonly laneOf?: (event: CloudEvent) => string;
}

/**
 * Sends events by lane, the ordered way out: those of one partition by one call of `send`, in their order, and partitions at once. `send`
 * gives results for the events that it tried, and never rejects; the rest of its lane is skipped.
 */
export async function inLanes(
  events: readonly Outgoing[],
  send: (lane: readonly Outgoing[]) => Promise<readonly PublishResult[]>,
  { most = Infinity, laneOf = partitionOf }: LaneOptions = {},
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = events.map(() => ({ outcome: 'skipped' }));
  const lanes = new Map<string, number[]>();
  events.forEach(({ event }, at) => {
    const name = laneOf(event);
    const lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, [at]);
    else lane.push(at);
  });
  const queue = lanes.values();
  const work = async () => {
    for (const lane of queue) {
      const answers = await send(lane.map((at) => events[at] as Outgoing));
      answers.forEach((answer, index) => {
        results[lane[index] as number] = answer;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, lanes.size) }, work));
  return results;
}

/** Sends one event after the other, and none after one that was not published: the `send` of a lane whose events go alone. */
export async function oneByOne(
  lane: readonly Outgoing[],
  send: (outgoing: Outgoing) => Promise<PublishResult>,
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = [];
  for (const outgoing of lane) {
    const result = await send(outgoing);
    results.push(result);
    if (result.outcome !== 'published') break;
  }
  return results;
}
