import { HearthError, type HearthErrorCode } from '@hearth/core/event';

/**
 * Opens something on first use and keeps it; importing a door therefore loads no SDK. What could not be opened is tried again.
 *
 * `name` is the package that is loaded, `code` that of the error when it is missing.
 */
export function lazily<T>(
  name: string,
  code: HearthErrorCode,
  open: () => Promise<T>,
): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open().catch((cause: unknown) => {
      opened = undefined;
      throw openError(name, code, cause);
    });
    return opened;
  };
}

function openError(name: string, code: HearthErrorCode, cause: unknown): HearthError {
  const isMissing = (cause as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
  const fix = isMissing
    ? `is not installed: npm install ${name}`
    : 'could not be loaded, or its client not be made';
  return new HearthError(code, `The package "${name}" ${fix}.`, { cause });
}

/** What our own clients are made with: without a limit of time, a silent server would hold a function until it is killed. */
export function clientDefaults(timeoutMs = 5_000): {
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
} {
  return {
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: Math.min(1_000, timeoutMs),
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}
