import { HearthError, isHearthError } from '../event/error.ts';
import type { Outgoing, Publisher, PublishResult } from './publisher.ts';

/**
 * Composes publishers by event type. `default` takes every type that is not named; a type whose publisher is `null` is not published.
 *
 * A destination that throws or is down fails its own events only, and holds up no others.
 */
export function route(
  table: Readonly<Record<string, Publisher | null>> & { readonly default: Publisher | null },
): Publisher {
  const publisherOf = (type: string) =>
    (Object.hasOwn(table, type) ? table[type] : table.default) ?? null;
  const publish = async (events: readonly Outgoing[]): Promise<readonly PublishResult[]> => {
    const results = new Map<Outgoing, PublishResult>();
    const groups = new Map<Publisher | null, Outgoing[]>();
    for (const outgoing of events) {
      const publisher = publisherOf(outgoing.event.type);
      const group = groups.get(publisher);
      if (group === undefined) groups.set(publisher, [outgoing]);
      else group.push(outgoing);
    }
    await Promise.all(
      [...groups].map(async ([publisher, group]) => {
        const answers = publisher === null ? [] : await publishAll(publisher, group);
        group.forEach((outgoing, index) => {
          const published = { outcome: 'published' } as const;
          results.set(outgoing, publisher === null ? published : (answers[index] ?? unanswered));
        });
      }),
    );
    return events.map((outgoing) => results.get(outgoing) ?? unanswered);
  };
  const all = Object.values(table);
  const destinations = [...new Set(all)];
  return {
    destination(event) {
      const publisher = publisherOf(event.type);
      // By publisher and not by type: what goes to one publisher stays in order.
      return `${destinations.indexOf(publisher)} ${publisher?.destination?.(event) ?? ''}`;
    },
    ordered: all.every((publisher) => publisher === null || publisher.ordered === true),
    publish,
  };
}

const unanswered: PublishResult = {
  outcome: 'failed',
  error: new HearthError('publisher-unavailable', 'The publisher gave no result for this event.', {
    retryable: true,
  }),
};

/** Whether a publisher has said what became of an event; it may be somebody's own, and no compiler may have seen it. */
function isResult(result: unknown): result is PublishResult {
  const { outcome, error } = Object(result) as Partial<{ outcome: unknown; error: unknown }>;
  return outcome === 'failed'
    ? isHearthError(error)
    : outcome === 'published' || outcome === 'skipped';
}

/** Publishes; a thrown error is a failure of every event of the call, and no result a failure of its event. */
export async function publishAll(
  publisher: Publisher,
  events: readonly Outgoing[],
): Promise<readonly PublishResult[]> {
  try {
    const results: readonly unknown[] = await publisher.publish(events);
    return events.map((_, index) => (isResult(results[index]) ? results[index] : unanswered));
  } catch (cause) {
    const error = new HearthError('publisher-unavailable', 'The publisher threw.', {
      retryable: true,
      cause,
    });
    return events.map(() => ({ outcome: 'failed', error }));
  }
}
