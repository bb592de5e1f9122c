import { HearthError, isHearthError } from '@hearth/core/event';

/**
 * What went wrong in SQLite. `busy`: another process has the lock, nothing was done. `full`: there is no room. `lost`: the disk failed,
 * so that nobody knows whether the last commit is on it. `unavailable`: everything else, nothing was done.
 */
export interface SqliteFailure {
  readonly kind: 'busy' | 'full' | 'lost' | 'unavailable';
  readonly error: HearthError;
}

// https://www.sqlite.org/rescode.html
const kinds: Readonly<Record<number, readonly [SqliteFailure['kind'], string]>> = {
  3: ['unavailable', 'may not be opened by this user'],
  5: ['busy', 'is locked by another process'],
  6: ['busy', 'is locked by another statement'],
  8: ['unavailable', 'may only be read'],
  10: ['lost', 'could not be read or written by the operating system'],
  11: ['unavailable', 'is damaged'],
  13: ['full', 'has no room left'],
  14: ['unavailable', 'cannot be opened'],
  26: ['unavailable', 'is no SQLite database'],
};

/**
 * Names what SQLite reported.
 *
 * All but a damaged or foreign file can be mended from outside while we wait, so they are retryable.
 */
export function failureOf(cause: unknown, file: string): SqliteFailure {
  if (isHearthError(cause)) return { kind: 'unavailable', error: cause };
  const code = codeOf(cause);
  const [kind, what] = kinds[code] ?? ['unavailable', 'cannot be used'];
  const retryable = code !== 11 && code !== 26;
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  const message = `The database "${file}" ${what}${reason}.`;
  return { kind, error: new HearthError('store-unavailable', message, { retryable, cause }) };
}

/** The primary result code; the higher bits of the one that Node.js gives tell details. */
function codeOf(cause: unknown): number {
  const code = (cause as { readonly errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === 'number' ? code & 0xff : 0;
}
