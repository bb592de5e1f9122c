import { HearthError, isHearthError, type HearthErrorCode } from '@hearth/core';

/** What a function of the options answers about a message; what it throws refuses the message. */
export function answerOf<T>(
  field: string,
  ask: () => T,
  code: HearthErrorCode = 'not-permitted',
): T | HearthError {
  try {
    return ask();
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    return new HearthError(code, `The option "${field}" threw.`, { field, cause });
  }
}
