import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOf, pointerOf, same, valueAt } from './document.ts';

// JSON keeps no -0, and neither does a state that has been stored.
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => plain(value));

describe('same', () => {
  it('compares values as JSON, whatever the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(same(value, plain(value))).toBe(true);
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
        const turned = isObject ? Object.fromEntries(Object.entries(value).toReversed()) : value;
        expect(same(value, turned)).toBe(true);
      }),
    );
  });

  it.each([
    ['a list and an object', [], {}],
    ['null and an object', null, {}],
    ['a number and its text', 1, '1'],
    ['lists of another order', [1, 2], [2, 1]],
    ['a property too few', { a: 1, b: 1 }, { a: 1 }],
    ['another property of the same value', { a: 1 }, { b: 1 }],
    ['an inherited property', { toString: 1 }, { a: 1 }],
    ['false and null', false, null],
  ])('tells %s apart', (_, a, b) => {
    expect(same(a, b)).toBe(false);
    expect(same(b, a)).toBe(false);
  });
});

it('finds every leaf of a document, and what is there', () => {
  const document = { a: 1, b: { c: [1, { d: 2 }], e: {}, f: null } };
  const leaves = leavesOf(document);
  expect(leaves).toEqual([['a'], ['b', 'c'], ['b', 'e'], ['b', 'f']]);
  expect(leaves.map((path) => valueAt(document, path))).toEqual([1, [1, { d: 2 }], {}, null]);
  expect(valueAt(document, ['b', 'toString'])).toBeUndefined();
});

it('writes a path as a JSON Pointer', () => {
  expect(pointerOf(['a/b', 'm~n', ''])).toBe('/a~1b/m~0n/');
});
