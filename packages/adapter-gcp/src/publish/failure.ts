import { HearthError, isHearthError, type HearthErrorCode } from '@hearth/core/event';

type Meaning = readonly [code: HearthErrorCode, retryable: boolean, what: string];

// https://cloud.google.com/pubsub/docs/reference/error-codes
const meanings: Readonly<Record<number, Meaning>> = {
  3: ['invalid-event', false, 'refused the message: invalid argument'],
  4: ['timeout', true, 'gave no answer in time'],
  5: ['not-found', true, 'knows no such topic'],
  7: ['not-permitted', true, 'does not permit to publish there'],
  8: ['publisher-unavailable', true, 'was asked for too much'],
  16: ['not-permitted', true, 'does not know who publishes'],
};

function codeOf(cause: unknown): number | undefined {
  const { code } = Object(cause) as { readonly code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** The SDK's error as one of ours. Its text stays in the cause. */
export function publishFailure(cause: unknown): HearthError {
  if (isHearthError(cause)) return cause;
  const known = meanings[codeOf(cause) ?? 0];
  const [code, retryable, what] = known ?? ['publisher-unavailable', true, 'could not be reached'];
  return new HearthError(code, `Pub/Sub ${what}.`, { retryable, cause });
}

const ofSingleMessages = new Set([3, 8, 9, 10, 13]);

/** Whether an error would meet any message, so that trying them one by one is of no use. */
export function isAboutEverything(cause: unknown): boolean {
  return !ofSingleMessages.has(codeOf(cause) ?? 0);
}
