import { describe, expect, it } from 'vitest';
import { read } from './sources.ts';

/** Gives the members of `HearthErrorCode`, as its source text has them. */
function codesInSource(): readonly string[] {
  const text = read('packages/core/src/event/error.ts');
  const union = /type HearthErrorCode\s*=([^;]*);/.exec(text)?.[1] ?? '';
  return [...union.matchAll(/'([^']+)'/g)].map((match) => match[1] ?? '');
}

function codesInDocs(): readonly string[] {
  return [...read('docs/errors.md').matchAll(/^## `([^`]+)`$/gm)].map((match) => match[1] ?? '');
}

describe('docs/errors.md', () => {
  it('explains every code, in the order of the source, and no other', () => {
    expect(codesInSource()).not.toEqual([]);
    expect(codesInDocs()).toEqual(codesInSource());
  });
});
