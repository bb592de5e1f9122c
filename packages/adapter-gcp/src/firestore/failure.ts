import { HearthError, isHearthError } from '@hearth/core/event';

/**
 * What a failed write means. `refused`: its precondition did not hold. `contended`: others were writing the same document. `throttled`
 * and `denied`: it was not done. `lost`: nobody knows.
 */
export type FailureKind = 'refused' | 'contended' | 'throttled' | 'denied' | 'lost';

// https://grpc.io/docs/guides/status-codes/
const kinds: Readonly<Record<number, readonly [name: string, kind: FailureKind]>> = {
  1: ['cancelled', 'lost'],
  3: ['invalid argument', 'denied'],
  4: ['deadline exceeded', 'lost'],
  5: ['not found', 'refused'],
  6: ['already exists', 'refused'],
  7: ['permission denied', 'denied'],
  8: ['resource exhausted', 'throttled'],
  9: ['failed precondition', 'refused'],
  10: ['aborted', 'contended'],
  12: ['unimplemented', 'denied'],
  14: ['unavailable', 'lost'],
  16: ['unauthenticated', 'denied'],
};

const isCode = (code: unknown): code is number => typeof code === 'number';

/** What the SDK's error means for a write. */
export function kindOf(cause: unknown): FailureKind {
  const code = Object(cause) as { readonly code?: unknown };
  return (isCode(code.code) ? kinds[code.code]?.[1] : undefined) ?? 'lost';
}

/**
 * The SDK's error as one of ours; all but an invalid argument can be mended from outside while we wait. Its text may hold keys and values
 * and stays in the cause.
 */
export function unavailable(what: string, cause: unknown): HearthError {
  if (isHearthError(cause)) return cause;
  const { code } = Object(cause) as { readonly code?: unknown };
  const reason = isCode(code) ? (kinds[code]?.[0] ?? `code ${code}`) : 'no answer';
  const retryable = code !== 3 && code !== 12;
  const message = `Firestore could not ${what}: ${reason}.`;
  return new HearthError('store-unavailable', message, { retryable, cause });
}

/** Gives up waiting after some time. What was begun may still happen. */
export async function within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `Firestore could not ${what} within ${timeoutMs} ms.`;
      reject(new HearthError('store-unavailable', message, { retryable: true }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
