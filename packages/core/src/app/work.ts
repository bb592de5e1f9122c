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
  /** Outputs that came to such an outbox meanwhile, by id: whoever delivers it goes on with them. */
  readonly leftBehind: Set<string>;
  /** What records have told of who speaks for whom. */
  readonly granted: Granted;
  /** Runs work to its end: loads, folds, saves and delivers. One fate each. */
  readonly carryOut: (context: Context, works: readonly Work[]) => Task<readonly Fate[]>;
}

/** Whether records let a principal speak for a subject, or why they could not be asked; those that were asked. */
export type Granted = Map<string, boolean | HearthError>;

/** Counts something, if the runtime wants to know; a counter that throws is not allowed to stop anything. */
export function count(
  { runtime }: Pick<Context, 'runtime'>,
  name: string,
  by = 1,
  attributes?: Readonly<Record<string, string>>,
): void {
  try {
    runtime.count?.(name, by, attributes);
  } catch {
    // As for a logger: a counter that fails has nowhere to say so.
  }
}

const severity = { done: 0, rejected: 1, failed: 2, retry: 3 } as const;

/** The worse of two fates of one piece of work. If both are done it is new if it was new for either, and the first reply counts. */
export function worse(a: Fate | undefined, b: Fate): Fate {
  if (a === undefined) return b;
  if (a.status !== 'done' || b.status !== 'done')
    return severity[a.status] >= severity[b.status] ? a : b;
  const duplicate = a.duplicate === true && b.duplicate === true;
  return { status: 'done', duplicate, reply: a.reply === undefined ? b.reply : a.reply };
}

/** The attributes by which a log line or a count names an event; never its data. */
export function named(event: CloudEvent): Readonly<Record<string, string>> {
  return { eventId: event.id, eventSource: event.source, eventType: event.type };
}
