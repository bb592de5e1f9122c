import { HearthError, isHearthError } from '@hearth/core';

/**
 * What a failed request to a store means.
 *
 * `conflict`: a condition was not met. `too-large`: it will never fit. `throttled` and `refused`: it was certainly not done. `lost`:
 * nobody knows whether it was done.
 */
export interface RequestFailure {
  readonly kind: 'conflict' | 'too-large' | 'throttled' | 'refused' | 'lost';
  readonly error: HearthError;
}

// Nothing was sent where there was no connection.
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ERR_INVALID_URL']);
const tooLarge = new Set(['EntityTooLarge', 'PropertyValueTooLarge', 'RequestBodyTooLarge']);

/**
 * Names what a client of Tables or of Cosmos DB threw. `what` is the store, for the message; `busy` are the statuses that say that a
 * request was not even begun.
 */
export function failureOf(
  cause: unknown,
  what: string,
  busy: readonly number[] = [429, 503],
): RequestFailure {
  if (isHearthError(cause)) return { kind: 'refused', error: cause };
  const status = statusOf(cause);
  const code = codeOf(cause);
  const kind = kindOf(status, code, busy);
  const reason = [status, code].filter((part) => part !== undefined && part !== '').join(' ');
  const sentence = `${what} ${words[kind]}${reason === '' ? '' : ` (${reason})`}.`;
  if (kind === 'too-large') {
    return { kind, error: new HearthError('record-too-large', sentence, { cause }) };
  }
  return {
    kind,
    error: new HearthError('store-unavailable', sentence, { retryable: true, cause }),
  };
}

const words: Readonly<Record<RequestFailure['kind'], string>> = {
  conflict: 'refused a condition',
  'too-large': 'takes no record of this size',
  throttled: 'asked to wait',
  refused: 'refused a request',
  lost: 'gave no answer that tells what was done',
};

function kindOf(
  status: number | undefined,
  code: string,
  busy: readonly number[],
): RequestFailure['kind'] {
  if (status === undefined) return unsent.has(code) ? 'refused' : 'lost';
  if (status === 412 || status === 409) return 'conflict';
  if (status === 404) return code === 'TableNotFound' ? 'refused' : 'conflict';
  if (status === 413 || tooLarge.has(code)) return 'too-large';
  // A server that ran out of time may have done it.
  if (busy.includes(status) && code !== 'OperationTimedOut') return 'throttled';
  return status < 500 && status !== 408 ? 'refused' : 'lost';
}

/** The HTTP status of an error of an Azure client, if there was an answer. */
function statusOf(cause: unknown): number | undefined {
  const { statusCode, code } = Object(cause) as Partial<Record<string, unknown>>;
  return [statusCode, code].find((value): value is number => typeof value === 'number');
}

function codeOf(cause: unknown): string {
  const { code, details } = Object(cause) as Partial<Record<string, unknown>>;
  const { errorCode } = Object(details) as { readonly errorCode?: unknown };
  const found = [errorCode, code].find((value): value is string => typeof value === 'string');
  // It is shown in messages, and may come from anybody who answers in the store's place.
  return (found ?? '').replaceAll(/\W/g, '').slice(0, 64);
}
