import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromColumn, toColumn } from './text.ts';

const text = fc.string({ unit: fc.constantFrom('\0', '\u0001', '\u0002', '\u0003', 'a', 'ä') });

describe('a text in a column', () => {
  it('has no NUL, comes back as it was, and keeps its place among others', () => {
    fc.assert(
      fc.property(text, text, (one, two) => {
        expect(toColumn(one)).not.toContain('\0');
        expect(fromColumn(toColumn(one))).toBe(one);
        expect(toColumn(one) < toColumn(two)).toBe(one < two);
      }),
    );
  });

  it('is itself if JSON wrote it', () => {
    const json = JSON.stringify({ text: '\0\u0001ä' });
    expect(toColumn(json)).toBe(json);
  });
});
