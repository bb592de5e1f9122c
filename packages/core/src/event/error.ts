/**
 * Every reason for which Hearth fails. Codes are stable; messages are for people and may change.
 *
 * The first group comes from the codec, the second from the model, the third from running an app.
 */
export type HearthErrorCode =
  | 'invalid-event'
  | 'unsupported-media-type'
  | 'limit-exceeded'
  | 'invalid-topic'
  | 'invalid-definition'
  | 'invalid-data'
  | 'invalid-state'
  | 'invalid-output'
  | 'invalid-option'
  | 'duplicate-key'
  | 'unknown-type'
  | 'async-step'
  | 'step-failed'
  | 'id-reused'
  | 'stale'
  | 'erased'
  | 'wrong-region'
  | 'record-too-large'
  | 'record-newer'
  | 'depth-exceeded'
  | 'not-permitted'
  | 'not-found'
  | 'conflict'
  | 'timeout'
  | 'call-failed'
  | 'expired'
  | 'deadline'
  | 'store-unavailable'
  | 'publisher-unavailable';

/** What may accompany an error. `retryable` is `false` unless said otherwise. */
export interface HearthErrorOptions {
  readonly retryable?: boolean;
  readonly cause?: unknown;
  readonly field?: string;
}

// Two copies of a package in one process break `instanceof`; a registered symbol survives that.
const marker = Symbol.for('hearth.error');

/**
 * The one error that Hearth throws.
 *
 * `code` says what happened, `field` names the attribute, option or property that was wrong, if
 * one was, and `retryable` whether the same call may succeed later. No message contains data of an
 * event, so it is safe to log.
 */
export class HearthError extends Error {
  readonly code: HearthErrorCode;
  readonly retryable: boolean;
  declare readonly field?: string;

  constructor(code: HearthErrorCode, message: string, options: HearthErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? false;
    if (options.field !== undefined) this.field = options.field;
  }

  override get name(): string {
    return 'HearthError';
  }

  /** Marks the error for `isHearthError`. */
  get [marker](): true {
    return true;
  }
}

/** Tells whether a caught value is a `HearthError`, made by this copy of the package or another. */
export function isHearthError(value: unknown): value is HearthError {
  return typeof value === 'object' && value !== null && marker in value;
}

/**
 * Makes the error of a message that is wrong in one field: `"time" must be …`.
 *
 * A value never gets into it. A name may come from a hostile sender, so it is cut and cleaned.
 */
export function invalid(
  name: string,
  fix: string,
  code: HearthErrorCode = 'invalid-event',
): HearthError {
  const field = name.slice(0, 64).replaceAll(/[^\w-]/g, '?');
  return new HearthError(code, `"${field}" ${fix}.`, { field });
}
