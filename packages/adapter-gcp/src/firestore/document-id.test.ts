import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentId, keyOf } from './document-id.ts';

describe('the id of a document', () => {
  it.each([
    ['thermostat/t1', 'thermostat.1t1'],
    ['h/../x', 'h.1.0.0.1x'],
    ['.', '.0'],
    ['..', '.0.0'],
    ['__a__', '_-_a__'],
    ['h/%2F', 'h.1%2F'],
  ])('of %s is %s', (key, id) => {
    expect(documentId(key)).toBe(id);
    expect(keyOf(id)).toBe(key);
  });

  it('is one that Firestore takes, tells the key, and sorts as the key does', () => {
    const key = fc.string({
      unit: fc.constantFrom('a', 'b', '_', '-', '.', '/', '0', 'é'),
      minLength: 1,
    });
    const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    fc.assert(
      fc.property(key, key, (one, two) => {
        const id = documentId(one);
        expect(keyOf(id)).toBe(one);
        expect(id).not.toMatch(/^(\.|\.\.|__.*__)$|\//);
        expect(order(id, documentId(two))).toBe(order(one, two));
      }),
    );
  });

  it('of up to 1,500 bytes tells the key, and beyond that is a hash', () => {
    const [fits, not] = [1_500, 1_501].map((length) => `h/${'x'.repeat(length - 3)}`);
    expect(keyOf(documentId(fits as string))).toBe(fits);
    expect(documentId(not as string)).toMatch(/^\.2[\w-]{43}$/);
    expect(keyOf(documentId(not as string))).toBeUndefined();
  });
});
