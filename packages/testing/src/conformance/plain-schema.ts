import type { Schema } from '@hearth/core';

/** A schema written by hand, so that the cases need no schema library. */
export function schemaOf<T>(fits: (value: unknown) => boolean): Schema<T> {
  const validate = (value: unknown) =>
    fits(value) ? { value: value as T } : { issues: [{ message: 'does not fit' }] };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}
