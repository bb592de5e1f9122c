import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { same, type Document } from './document.ts';
import { merged, minimised, without } from './merge-patch.ts';

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 }).map((value) => plain(value));
const documents = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), json) as fc.Arbitrary<Document>;
const any = documents(['a', 'b', 'c', 'd']);

// The examples of RFC 7396, appendix A, whose target and patch are objects.
describe('merged', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j with %j is %j, as RFC 7396 says', (document, patch, result) => {
    expect(merged(document, patch)).toEqual(result);
  });

  it('keeps null where it is a value', () => {
    const keeps = (path: readonly string[]) => path.join('.') === 'a.b';
    expect(merged({ a: { b: 1, c: 1 } }, { a: { b: null, c: null } }, keeps)).toEqual({
      a: { b: null },
    });
  });

  it('leaves the document alone, and shares what the patch does not touch', () => {
    const document = Object.freeze({ a: Object.freeze({ x: 1 }), b: Object.freeze({ y: 1 }) });
    const result = merged(document, { a: { x: 2 } });
    expect(document).toEqual({ a: { x: 1 }, b: { y: 1 } });
    expect(result['b']).toBe(document.b);
  });

  it('makes an own property of every name', () => {
    const patch = JSON.parse('{"__proto__":{"isAdmin":true}}') as Document;
    expect(Object.getPrototypeOf(merged({}, patch))).toBe(Object.prototype);
  });

  it('lets patches of different properties come in any order', () => {
    fc.assert(
      fc.property(any, documents(['a', 'b']), documents(['c', 'd']), (document, one, other) => {
        expect(merged(merged(document, one), other)).toEqual(merged(merged(document, other), one));
      }),
    );
  });
});

describe('minimised', () => {
  it('gives what a patch would change, and nothing else', () => {
    const document = { celsius: 20, fan: { speed: 1, on: true }, schedule: [1, 2] };
    const patch = { celsius: 21, fan: { speed: 1, on: false }, schedule: [1, 2], gone: null };
    expect(minimised(document, patch)).toEqual({ celsius: 21, fan: { on: false } });
    expect(minimised(document, { celsius: 20, gone: undefined })).toBeUndefined();
  });

  it('changes the same as the patch', () => {
    fc.assert(
      fc.property(any, any, (document, patch) => {
        const changes = minimised(document, patch);
        expect(merged(document, changes ?? {})).toEqual(merged(document, patch));
        expect(changes === undefined).toBe(same(document, merged(document, patch)));
      }),
    );
  });

  it('finds nothing more to change after a merge', () => {
    fc.assert(
      fc.property(any, any, (document, patch) => {
        expect(minimised(merged(document, patch), patch)).toBeUndefined();
      }),
    );
  });
});

it('takes leaves out of a patch', () => {
  const patch = { a: 1, b: { c: 1, d: {} } };
  expect(without(patch, (path) => path.at(-1) !== 'c')).toEqual({ a: 1, b: { d: {} } });
  expect(without(patch, () => false)).toBeUndefined();
});
