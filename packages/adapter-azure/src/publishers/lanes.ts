import type { CloudEvent, HearthError, Outgoing, PublishResult } from '@hearth/core';
import { inParallel } from '../stores/parallel.ts';

/** What an event is kept in order with: its partition, else its subject. */
export function laneOf({ partitionkey, subject }: CloudEvent): string {
  return partitionkey ?? subject ?? '';
}

/** An event was taken. */
export const published: PublishResult = { outcome: 'published' };

/** An event was not taken. */
export function failed(error: HearthError): PublishResult {
  return { outcome: 'failed', error };
}

/**
 * Sends events by lane: those of one partition by one call of `send`, several partitions at once, but no more than `most`. `send` gives
 * results for the events that it tried; the rest of its lane is skipped.
 */
export async function inLanes(
  events: readonly Outgoing[],
  most: number,
  send: (lane: readonly Outgoing[]) => Promise<readonly PublishResult[]>,
): Promise<readonly PublishResult[]> {
  const results: PublishResult[] = events.map(() => ({ outcome: 'skipped' }));
  const lanes = new Map<string, number[]>();
  events.forEach(({ event }, at) => {
    const key = laneOf(event);
    const lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, [at]);
    else lane.push(at);
  });
  await inParallel([...lanes.values()], most, async (lane) => {
    const answers = await send(lane.map((at) => events[at] as Outgoing));
    answers.forEach((answer, index) => {
      results[lane[index] as number] = answer;
    });
  });
  return results;
}

/** Sends one event after the other, and none after one that failed. */
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
