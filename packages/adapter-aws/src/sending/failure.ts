import { HearthError, type HearthErrorCode } from '@hearth/core/event';
import type { PublishResult } from '@hearth/core/ports';
import { isThrottle, nameOf, reasonOf, statusOf } from '../attempt.ts';

/** An event that is published. */
export const published: PublishResult = { outcome: 'published' };

/** The result of an event that was not published. `where` names the queue, topic or bus; nothing of the event is in the message. */
export function failed(
  code: HearthErrorCode,
  message: string,
  options: { readonly retryable?: boolean; readonly cause?: unknown; readonly field?: string } = {},
): PublishResult {
  return { outcome: 'failed', error: new HearthError(code, message, options) };
}

/** The result of an event that is larger than what a service takes, which is found out before it is sent. */
export function tooLarge(where: string, bytes: number, most: number): PublishResult {
  return failed('limit-exceeded', `An event has ${bytes} bytes; ${where} takes ${most}.`);
}

/**
 * Whether a service will refuse the same request tomorrow: it finds it invalid. A missing queue, a missing permission, expired credentials and
 * throttling can be mended or pass, and a lost answer says nothing.
 */
export function isFinal(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined || isThrottle(error)) return false;
  return (status === 400 || status === 413) && invalid.test(nameOf(error));
}

// What services call a request that they would never take, each in its own words.
const invalid =
  /Invalid(?!Security|ClientToken|Signature|Access)|Validation|Malformed|TooLong|TooLarge|EmptyBatch|Unsupported|NotDistinct|TooMany/;

/** The result of every event of a request that failed as a whole. */
export function requestFailed(where: string, cause: unknown): PublishResult {
  const name = nameOf(cause);
  if (isFinal(cause)) {
    return failed('invalid-event', `${where} does not take an event (${name}).`, { cause });
  }
  const message = isThrottle(cause) ? `${where} is throttled` : `${where} could not be reached`;
  const options = { retryable: true, cause };
  return failed('publisher-unavailable', `${message} (${reasonOf(cause)}).`, options);
}
