import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, isBase64, toBase64 } from './base64.ts';

describe('base64', () => {
  it('writes and reads what Buffer does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        expect(toBase64(bytes)).toBe(text);
        expect(isBase64(text)).toBe(true);
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  it('accepts exactly the texts that come out as they went in', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'AQgwEx/+-_=09z \n'.split('')),
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, (candidate) => {
        const isCanonical = Buffer.from(candidate, 'base64').toString('base64') === candidate;
        expect(isBase64(candidate)).toBe(isCanonical);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['A', '!!!!', 'ab-_', 'QQ=', 'QQ', 'QR==', 'QQE', 'QQF=', '====', 'QQ==QQ==', 'QQ==\n'])(
    'refuses %j',
    (text) => {
      expect(isBase64(text)).toBe(false);
    },
  );

  it('takes a megabyte', () => {
    const bytes = new Uint8Array(2 ** 20).map((_, i) => i * 7);
    const text = toBase64(bytes);
    expect(isBase64(text)).toBe(true);
    expect(fromBase64(text)).toEqual(bytes);
  });
});
