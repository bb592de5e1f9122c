import { HearthError } from '@hearth/core/event';
import { isThrottle, nameOf, reasonOf, statusOf, type SdkError } from '../attempt.ts';

/**
 * What an error of DynamoDB means for who asked. Nothing that was to be written is in the message.
 *
 * `store-unavailable`, retryable: everything that can pass or be mended from outside, a missing table or permission among them. A
 * request that DynamoDB calls invalid is not retryable; an item that it finds too large is `record-too-large`.
 */
export function failureOf(cause: unknown, table: string): HearthError {
  const name = nameOf(cause);
  if (name === 'ValidationException') {
    const isLarge = /item size/i.test(String((cause as SdkError).message));
    if (isLarge) return new HearthError('record-too-large', tooLarge(table), { cause });
    return unavailable(table, 'does not take this request', name, cause, false);
  }
  if (isThrottle(cause)) return unavailable(table, 'is throttled', name, cause);
  if (name === 'ResourceNotFoundException') {
    return unavailable(table, 'or its index is not there: see dynamoTable()', name, cause);
  }
  const status = statusOf(cause);
  if (status !== undefined && status < 500) {
    return unavailable(table, 'may not be used like this', name, cause);
  }
  return unavailable(table, 'cannot be reached', reasonOf(cause), cause);
}

function tooLarge(table: string): string {
  return `A record is larger than an item of the table "${table}" may be.`;
}

function unavailable(
  table: string,
  what: string,
  name: string,
  cause: unknown,
  retryable = true,
): HearthError {
  const message = `The table "${table}" ${what} (${name}).`;
  return new HearthError('store-unavailable', message, { retryable, cause });
}
