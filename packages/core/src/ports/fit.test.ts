import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertDistinctKeys, byteLength, misfit } from './fit.ts';
import type { RecordWrite } from './state-store.ts';
import { memoryCapabilities } from './memory-store.ts';

const capabilities = { ...memoryCapabilities, maxRecordBytes: 6, maxKeyBytes: 8 };
const write = (key: string, body: string, expected: string | null = null): RecordWrite => ({
  key,
  expected,
  body,
  due: null,
  tags: {},
});

describe('byteLength', () => {
  it('counts as a UTF-8 encoder does, lone surrogates included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const text = `${a}\ud83d${b}\ude00\u00e9\u20ac`;
        expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});

describe('misfit', () => {
  it('measures a body in bytes, not in signs', () => {
    expect(misfit(write('h/1', 'äöü'), capabilities)).toBeUndefined();
    expect(misfit(write('h/1', 'äöüx'), capabilities)).toMatchObject({
      code: 'record-too-large',
      retryable: false,
      message: 'The record "h/1" has 7 bytes; the store takes 6.',
    });
  });

  it('measures a key in bytes', () => {
    expect(misfit(write('h/ääx', ''), capabilities)?.code).toBeUndefined();
    expect(misfit(write('h/äää', ''), capabilities)?.code).toBeUndefined();
    expect(misfit(write('h/äääx', ''), capabilities)?.code).toBe('limit-exceeded');
  });

  it('refuses a new key that UTF-8 cannot spell', () => {
    expect(misfit(write('h/\ud800', ''), capabilities)?.code).toBe('invalid-data');
    expect(misfit(write('h/😀', ''), capabilities)).toBeUndefined();
  });
});

describe('assertDistinctKeys', () => {
  it('refuses two writes of one key', () => {
    expect(() => assertDistinctKeys([write('h/1', ''), write('h/2', '')])).not.toThrow();
    expect(() =>
      assertDistinctKeys([write('h/1', ''), write('h/2', ''), write('h/1', '')]),
    ).toThrow(expect.objectContaining({ code: 'duplicate-key' }) as Error);
  });
});
