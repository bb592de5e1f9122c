import { run, type CloudEvent, type Handler, type Incoming } from '@hearth/core';
import { tallies, type TallyState } from './tally.ts';

/** What a record must be, given the order in which it says it has applied its events. */
export interface Replayed {
  readonly state: unknown;
  readonly emitted: readonly CloudEvent[];
  /** The events of the timers that are still set, by their keys. */
  readonly timers: ReadonlyMap<string, CloudEvent>;
  /** What it cannot have applied: ids that nobody has sent to it. */
  readonly strange: readonly string[];
}

/**
 * Applies, from the beginning and all alone, the events that a record says it has applied. Timers that it sets on the way are among
 * those that it may have applied afterwards.
 */
export function replay(
  handler: Handler,
  subject: string,
  { applied }: TallyState,
  sent: ReadonlyMap<string, CloudEvent>,
): Replayed {
  let state: unknown = handler.initial;
  const emitted: CloudEvent[] = [];
  const strange: string[] = [];
  const timers = new Map<string, CloudEvent>();
  for (const id of applied) {
    const rung = [...timers].find(([, event]) => event.id === id);
    const event = rung?.[1] ?? sent.get(id);
    if (rung !== undefined) timers.delete(rung[0]);
    if (event === undefined) {
      strange.push(id);
      continue;
    }
    const record = { subject, state, counter: emitted.length };
    const principal = { kind: 'service', id: 'replay' } as const;
    const input = { event: event as Incoming, reads: {}, now: 0, principal };
    const ran = run(tallies, handler, record, input);
    ({ state } = ran);
    emitted.push(...ran.emitted);
    for (const timer of ran.timers) timers.set(timer.key, timer.event);
  }
  return { state, emitted, timers, strange };
}
