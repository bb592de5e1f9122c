import type { CloudEvent } from '../event/cloud-event.ts';
import type { Incoming } from '../model/event.ts';
import type { Handler } from '../model/handler.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { App } from './define-app.ts';
import { keyOf, readRecord, type Answer } from './record.ts';

/** The name under which a record keeps its answer to a question that something else led to: `replyTo`. */
export const laterAnswerTo = (question: string): string => `?${question}`;

/** A look, every `pollMs`, at the records that keep the question. */
export interface Poll {
  readonly pollMs: number;
  readonly isOver: () => boolean;
}

/**
 * Looks for an answer that another process saves in a record which keeps the question; gives it, or `undefined` when it is over. A store
 * that cannot be read is asked again.
 */
export async function answerElsewhere(
  app: App,
  event: CloudEvent,
  { store, clock }: Runtime,
  { pollMs, isOver }: Poll,
): Promise<Answer | undefined> {
  const to = laterAnswerTo(event.correlationid ?? event.id);
  const keepers = keepersOf(app, event);
  const keys = keepers.map(([handler, subject]) => keyOf(handler, subject));
  while (!isOver() && keys.length > 0) {
    await clock.sleep(pollMs);
    try {
      const stored = await store.load(keys);
      const found = keepers
        .flatMap(([handler, subject], at) => readRecord(handler, subject, stored[at]).answers)
        .find((answer) => answer.to === to);
      if (found !== undefined) return found;
    } catch {
      // The question is handled all the same, and its answer may still come.
    }
  }
  return undefined;
}

/** The records that handle an event. */
function keepersOf(
  app: App,
  event: CloudEvent,
): readonly (readonly [handler: Handler, subject: string])[] {
  try {
    return (app.routes.get(event.type) ?? []).flatMap(({ handler, subscription }) => {
      const subject = subscription.subjectOf(event as Incoming);
      return subject === undefined ? [] : [[handler, subject] as const];
    });
  } catch {
    // Its data does not fit, as `handle` will say.
    return [];
  }
}
