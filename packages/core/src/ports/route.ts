import { HearthError } from '../event/error.ts';
import type { Outgoing, Publisher, PublishResult } from './publisher.ts';

/**
 * Composes publishers by event type. `default` takes every type that is not named; a type whose publisher is `null` is not published.
 *
 * A destination that throws fails its own events only.
 */
export function route(
  table: Readonly<Record<string, Publisher | null>> & { readonly default: Publisher | null },
): Publisher {
  const destination = (type: string) => (Object.hasOwn(table, type) ? table[type] : table.default);
  const publish = async (events: readonly Outgoing[]): Promise<readonly PublishResult[]> => {
    const results = new Map<Outgoing, PublishResult>();
    const groups = new Map<Publisher | null, Outgoing[]>();
    for (const outgoing of events) {
      const publisher = destination(outgoing.event.type) ?? null;
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
  return {
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

/** Publishes and turns a thrown error into a failure of every event of the call. */
export async function publishAll(
  publisher: Publisher,
  events: readonly Outgoing[],
): Promise<readonly PublishResult[]> {
  try {
    return await publisher.publish(events);
  } catch (cause) {
    const error = new HearthError('publisher-unavailable', 'The publisher threw.', {
      retryable: true,
      cause,
    });
    return events.map(() => ({ outcome: 'failed', error }));
  }
}
