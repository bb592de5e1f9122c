import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase32, toBase64Url } from './hash-text.ts';
import { hashFrom, hashState } from './sha256.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
);
const parts = fc.array(text, { maxLength: 6 });

function framed(list: readonly string[]): Buffer {
  return Buffer.concat(
    list.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(part));
      return [length, Buffer.from(part)];
    }),
  );
}

function closed(list: readonly string[]): Buffer {
  const open = Buffer.concat([framed(list), Buffer.from([0x80])]);
  return Buffer.concat([open, Buffer.alloc((64 - (open.length % 64)) % 64)]);
}

function reference(fixed: readonly string[], rest: readonly string[]): Buffer {
  return createHash('sha256')
    .update(Buffer.concat([closed(fixed), framed(rest)]))
    .digest();
}

describe('sha256', () => {
  it('hashes the same bytes as node:crypto', () => {
    fc.assert(
      fc.property(parts, parts, (fixed, rest) => {
        const words = hashFrom(hashState(...fixed), rest);
        const bytes = Buffer.from(Int32Array.from(words).buffer).swap32();
        expect(bytes.toString('hex')).toBe(reference(fixed, rest).toString('hex'));
      }),
    );
  });

  it('agrees with node:crypto at every length around a block boundary', () => {
    for (let length = 0; length < 200; length += 1) {
      const rest = ['x'.repeat(length)];
      const words = hashFrom(hashState(...rest), rest);
      expect(toBase64Url(words)).toBe(reference(rest, rest).toString('base64url'));
    }
  });

  it('grows for a part far longer than its buffer, and is right again afterwards', () => {
    const long = ['é'.repeat(100_000), 'b'];
    for (const rest of [long, ['short'], long]) {
      expect(toBase64Url(hashFrom(hashState(...rest), rest))).toBe(
        reference(rest, rest).toString('base64url'),
      );
    }
  });

  it('keeps the borders between parts', () => {
    const hash = (fixed: string[], rest: string[]): string =>
      toBase64Url(hashFrom(hashState(...fixed), rest));
    const hashes = [
      hash([], ['ab', 'c']),
      hash([], ['a', 'bc']),
      hash([], ['abc']),
      hash(['ab'], ['c']),
      hash(['ab', 'c'], []),
      hash(['ab', 'c'], ['']),
      // "abcd" with its length is 8 bytes; 14 empty parts would fill the block as zeros do.
      hash(['abcd'], []),
      hash(['abcd', ...Array.from({ length: 14 }, () => '')], []),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('tells lone surrogates apart, which UTF-8 encoders replace by one and the same sign', () => {
    const hash = (part: string): string => toBase64Url(hashFrom(hashState(), [part]));
    expect(new Set(['\ud800', '\ud801', '\udc00', '\ufffd'].map(hash)).size).toBe(4);
  });

  it('leaves a midstate as it was, however often it is used', () => {
    const state = hashState('urn:acme:home', 'climate');
    const first = hashFrom(state, ['t1', '1']);
    hashFrom(state, ['t2', '2'.repeat(500)]);
    hashState('other');
    expect(hashFrom(state, ['t1', '1'])).toEqual(first);
  });
});

describe('hash text', () => {
  const words = hashFrom(hashState('a'), ['b']);
  const bytes = Buffer.from(Int32Array.from(words).buffer).swap32();

  it('spells base64url as node does, cut to the length asked for', () => {
    const all = bytes.toString('base64url');
    expect(toBase64Url(words)).toBe(all);
    for (let chars = 0; chars <= 43; chars += 1) {
      // The last of 43 characters holds 4 bits and is padded with zeros.
      expect(toBase64Url(words, chars)).toBe(all.slice(0, chars));
    }
  });

  it('spells base32 in lower case with the bits in order', () => {
    const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
    const chars = bits.match(/.{1,5}/g)!.map((five) => Number.parseInt(five.padEnd(5, '0'), 2));
    const expected = chars.map((value) => 'abcdefghijklmnopqrstuvwxyz234567'[value]).join('');
    expect(expected).toHaveLength(52);
    expect(toBase32(words)).toBe(expected);
    expect(toBase32(words, 26)).toBe(expected.slice(0, 26));
  });
});
