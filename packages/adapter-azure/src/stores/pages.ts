import { HearthError } from '@hearth/core';

/** Where the entries of an instant begin in a due index: they sort by instant. */
export function dueFrom(due: number): string {
  const whole = Math.min(Math.max(0, Math.floor(due)), Number.MAX_SAFE_INTEGER);
  return `d${String(whole).padStart(16, '0')}`;
}

/** @throws {HearthError} `invalid-option` for a page of nothing, and for a cursor that is none. */
export function assertPage(limit: number, cursor: string | undefined, shape: RegExp): void {
  if (!(limit >= 1)) {
    const message = `A page of ${limit} keys was asked for; at least 1 is needed.`;
    throw new HearthError('invalid-option', message, { field: 'limit' });
  }
  if (cursor !== undefined && !shape.test(cursor)) {
    throw new HearthError('invalid-option', 'This is no cursor of this page.', { field: 'cursor' });
  }
}
