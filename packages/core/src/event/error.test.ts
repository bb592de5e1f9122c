import { describe, expect, it } from 'vitest';
import { HearthError, isHearthError } from './error.ts';

describe('HearthError', () => {
  it('carries its code, its field and its cause', () => {
    const cause = new Error('below');
    const error = new HearthError('invalid-event', '"id" is missing.', { cause, field: 'id' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'invalid-event', field: 'id', cause, name: 'HearthError' });
    expect(String(error)).toBe('HearthError: "id" is missing.');
  });

  it('is not retryable unless it says so', () => {
    expect(new HearthError('stale', 'Old.').retryable).toBe(false);
    expect(new HearthError('conflict', 'Again.', { retryable: true }).retryable).toBe(true);
  });

  it('has no field and no cause that were not given', () => {
    const error = new HearthError('stale', 'Old.');
    expect('field' in error).toBe(false);
    expect('cause' in error).toBe(false);
  });

  it('is recognised when another copy of the package made it', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('hearth.error')]: true });
    expect(isHearthError(foreign)).toBe(true);
    expect(isHearthError(new HearthError('stale', 'Old.'))).toBe(true);
  });

  it('is not confused with other values', () => {
    for (const value of [new Error('x'), { code: 'stale' }, 'stale', null, undefined]) {
      expect(isHearthError(value)).toBe(false);
    }
  });
});
