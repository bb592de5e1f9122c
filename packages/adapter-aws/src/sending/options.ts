import { HearthError } from '@hearth/core/event';

/** What every publisher takes besides its address and its client. */
export interface SendingOptions {
  /** How long one attempt of our own client may take, in ms: 5,000 unless given. */
  readonly timeoutMs?: number;
  /** Requests at once: 16 unless given. */
  readonly concurrency?: number;
}

/** @throws {HearthError} `invalid-option` for a number that is no positive integer. */
export function assertPositive(field: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw invalidOption(field, 'must be a positive integer');
}

/** @throws {HearthError} `invalid-option` for a text that is missing. */
export function assertText(field: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw invalidOption(field, 'is missing');
}

/** The error of an option that cannot be used. */
export function invalidOption(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" ${fix}.`, { field });
}
