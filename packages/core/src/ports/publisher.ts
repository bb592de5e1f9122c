import type { CloudEvent } from '../event/cloud-event.ts';
import type { HearthError } from '../event/error.ts';

/**
 * An event on its way out.
 *
 * `body` is the event in JSON structured mode, exactly as it was first serialized: a publisher that sends structured mode sends these
 * bytes, so that a resend, by newer code too, is identical. `traceparent` is the transport's own trace context for this hop; the
 * event's `traceparent` attribute stays that of the starting trace.
 */
export interface Outgoing {
  readonly event: CloudEvent;
  readonly body: string;
  readonly traceparent?: string;
}

/**
 * What became of one event. `failed` may be tried again if its error is retryable; `skipped` was not tried because an earlier event of
 * the same partition failed.
 */
export type PublishResult =
  | { readonly outcome: 'published' }
  | { readonly outcome: 'failed'; readonly error: HearthError }
  | { readonly outcome: 'skipped' };

/**
 * A way out: one result per event, in the order given.
 *
 * `ordered: true` promises that within one call an event is never sent after a failed one of the same `partitionkey`; the core then hands
 * over a record's whole outbox at once. Without it the core sends a record's events to one destination one after the other.
 *
 * A rejected promise counts as `failed` (retryable) for every event of the call.
 */
export interface Publisher {
  readonly ordered?: boolean;
  /**
   * Names where an event goes. A failure of one destination holds nothing up that goes to another; all events have one destination
   * when absent. Two events that must stay in order have the same.
   */
  destination?(event: CloudEvent): string;
  publish(events: readonly Outgoing[]): Promise<readonly PublishResult[]>;
}
