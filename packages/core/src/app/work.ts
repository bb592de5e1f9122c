import type { CloudEvent } from '../event/cloud-event.ts';
import type { HearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { App } from './define-app.ts';
import type { Task } from './effect.ts';
import type { Mark } from './seen.ts';

/** One checked event on its way to the records that handle it. */
export interface Work {
  readonly event: Incoming;
  readonly mark: Mark;
  readonly now: number;
  readonly principal: Principal;
  /** Work of one order key stays in order: after a failure the rest of it is not run. */
  readonly order?: string | undefined;
  /** Whether this app itself emitted it, just now. */
  readonly cascade?: boolean;
  readonly traceparent?: string | undefined;
}

/**
 * What became of work at one record, or at all of them.
 *
 * `failed` is a bug in a step (or in what it returned): trying again at once will hardly help, and the host's attempts count.
 * `retry` is the world's fault: nothing is wrong with the event.
 */
export type Fate =
  | { readonly status: 'done'; readonly duplicate?: boolean; readonly reply?: unknown }
  | {
      readonly status: 'rejected';
      readonly code: string;
      readonly message?: string;
      readonly data?: unknown;
    }
  | { readonly status: 'failed' | 'retry'; readonly error: HearthError };

/** What the parts of the engine share while they handle one batch. */
export interface Context {
  readonly app: App;
  readonly runtime: Runtime;
  readonly ordered: boolean;
  /**
   * Outputs that this batch is delivering already, by id. Two records that answer each other would otherwise deliver each other's
   * outboxes without end.
   */
  readonly inFlight: Set<string>;
  /** Runs work to its end: loads, folds, saves and delivers. One fate each. */
  readonly carryOut: (context: Context, works: readonly Work[]) => Task<readonly Fate[]>;
}

/** Counts something, if the runtime wants to know. */
export function count(
  { runtime }: Context,
  name: string,
  by = 1,
  attributes?: Readonly<Record<string, string>>,
): void {
  runtime.count?.(name, by, attributes);
}

/** The worst of several fates: retry before failed before rejected before done. */
export function worst(fates: readonly Fate[]): Fate {
  const [only] = fates;
  if (fates.length === 1 && only !== undefined) return only;
  for (const status of ['retry', 'failed', 'rejected'] as const) {
    const found = fates.find((fate) => fate.status === status);
    if (found !== undefined) return found;
  }
  const done = fates.filter((fate) => fate.status === 'done');
  const duplicate = done.length > 0 && done.every((fate) => fate.duplicate === true);
  const answer = done.find((fate) => fate.reply !== undefined);
  return {
    status: 'done',
    ...(duplicate ? { duplicate } : {}),
    ...(answer === undefined ? {} : { reply: answer.reply }),
  };
}

/** The attributes by which a log line or a count names an event; never its data. */
export function named(event: CloudEvent): Readonly<Record<string, string>> {
  return { eventId: event.id, eventSource: event.source, eventType: event.type };
}
