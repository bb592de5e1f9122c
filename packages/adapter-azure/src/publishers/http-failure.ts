import { HearthError, type HearthErrorCode } from '@hearth/core';

type Meaning = readonly [code: HearthErrorCode, retryable: boolean];

// A missing right or topic is mended by somebody while the outbox waits.
const meanings: Readonly<Record<number, Meaning>> = {
  400: ['invalid-event', false],
  401: ['not-permitted', true],
  403: ['not-permitted', true],
  404: ['not-found', true],
  // A topic of an Event Grid namespace that is not there.
  410: ['not-found', true],
  413: ['limit-exceeded', false],
  415: ['unsupported-media-type', false],
};

/** What an answer other than 2xx means; what is not in the list is a matter of time. */
export function answerFailure(service: string, status: number): HearthError {
  const [code, retryable] = meanings[status] ?? ['publisher-unavailable', true];
  return new HearthError(code, `${service} answered ${status}.`, { retryable });
}

/** What it means that there was no answer: it may have arrived. */
export function noAnswer(service: string, cause: unknown): HearthError {
  const isLate = Object(cause).name === 'TimeoutError';
  const [code, what] = isLate
    ? (['timeout', 'gave no answer in time'] as const)
    : (['publisher-unavailable', 'could not be reached'] as const);
  return new HearthError(code, `${service} ${what}.`, { retryable: true, cause });
}

/** @throws {HearthError} `invalid-option` for an address that is none, or that would put credentials into logs. */
export function addressOf(field: string, text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalidAddress(field, 'must be an http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidAddress(field, 'must hold no credentials');
  }
  return url;
}

function invalidAddress(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" of the publisher ${fix}.`, { field });
}
