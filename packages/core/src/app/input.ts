import type { CloudEvent } from '../event/cloud-event.ts';
import type { HearthError, HearthErrorCode } from '../event/error.ts';
import type { Principal } from '../ports/principal.ts';

/**
 * What a trigger hands to `handle`: one decoded message, or the reason why it could not be decoded.
 *
 * `raw` is the native payload as text (base64 if it is not text) and `id` the transport's own id; both serve a dead letter for a message that is no
 * event. `order` is the key within which inputs must stay in order (default: the event's partition). `attempt` counts from 1 and
 * `lastAttempt` says that the host will not deliver again; a trigger whose host does not tell leaves both out, and the core then tries
 * again in process, bounded, before it dead-letters. `now` (ms) fixes the input's instant; the runtime's clock gives it otherwise.
 * `traceparent` is the transport's trace context.
 */
export interface Input {
  readonly event: CloudEvent | HearthError;
  readonly principal: Principal;
  readonly order?: string;
  readonly attempt?: number;
  readonly lastAttempt?: boolean;
  readonly now?: number;
  readonly traceparent?: string;
  readonly id?: string;
  readonly raw?: string;
}

/**
 * The one decision about an input: `done` (acknowledge), `rejected` (acknowledge; the dead letter has it) or `retry` (deliver it
 * again). Adapters translate it and decide nothing themselves.
 */
export type Verdict = 'done' | 'rejected' | 'retry';

/**
 * What became of one input.
 *
 * `code` says why it was rejected or must be retried: one of our own codes or the code a step rejected with. `reply` is what a step
 * answered. `duplicate` is set when every handler had seen the input before.
 */
export interface Handled {
  readonly verdict: Verdict;
  readonly code?: HearthErrorCode | (string & {});
  readonly message?: string;
  readonly data?: unknown;
  readonly reply?: unknown;
  readonly duplicate?: true;
}
