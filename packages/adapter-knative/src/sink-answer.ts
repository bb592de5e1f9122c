import { HearthError, type HearthErrorCode, type PublishResult } from '@hearth/core';

// What Knative's data plane tries again, besides 5xx.
const passing = new Set([404, 408, 409, 429]);
const published: PublishResult = { outcome: 'published' };

/**
 * What a sink's answer means: 2xx is published; 404, 408, 409, 429 and 5xx may be tried again; everything else is not, a redirect included,
 * which is never followed.
 */
export function resultOf(status: number, retryAfter: string | undefined): PublishResult {
  if (status >= 200 && status < 300) return published;
  if (passing.has(status) || status >= 500) {
    const wait = retryAfter === undefined ? '' : ` and asked to wait: ${secondsOf(retryAfter)}`;
    return failed('publisher-unavailable', `The sink answered ${status}${wait}.`, true);
  }
  if (status >= 300 && status < 400) {
    const message = `The sink answered ${status}, and a redirect is never followed: set its final address.`;
    return failed('invalid-option', message, false, 'url');
  }
  return failed(codes[status] ?? 'invalid-event', `The sink refused with ${status}.`, false);
}

const codes: Readonly<Record<number, HearthErrorCode>> = {
  401: 'not-permitted',
  403: 'not-permitted',
  413: 'limit-exceeded',
  415: 'unsupported-media-type',
};

/** A `Retry-After` as a message may show it: seconds or a date, and nothing else. */
function secondsOf(retryAfter: string): string {
  if (/^\d{1,9}$/.test(retryAfter)) return `${retryAfter} s`;
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? 'some time' : `until ${new Date(at).toISOString()}`;
}

/** The result of a request that got no answer: it may have arrived. */
export function unanswered(cause: unknown, timeoutMs: number | undefined): PublishResult {
  const message =
    timeoutMs === undefined
      ? 'The sink could not be reached.'
      : `The sink did not answer within ${timeoutMs} ms.`;
  const code = timeoutMs === undefined ? 'publisher-unavailable' : 'timeout';
  const error = new HearthError(code, message, { retryable: true, cause });
  return { outcome: 'failed', error };
}

function failed(
  code: HearthErrorCode,
  message: string,
  retryable: boolean,
  field?: string,
): PublishResult {
  const options = field === undefined ? { retryable } : { retryable, field };
  return { outcome: 'failed', error: new HearthError(code, message, options) };
}
