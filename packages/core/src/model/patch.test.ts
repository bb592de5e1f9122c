import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesOf, same } from './patch.ts';

type Values = Readonly<Record<string, unknown>>;

// JSON keeps no -0, and neither does a state that has been stored.
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => plain(value));
const values = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json);

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const merge = (state: Values, patch: Values): Values => ({ ...state, ...changesOf(state, patch) });

describe('changesOf', () => {
  it('gives what a patch would change, and nothing else', () => {
    const state = { celsius: 20, mode: 'heat', schedule: [1, 2] };
    expect(changesOf(state, { celsius: 21, mode: 'heat', schedule: [1, 2] })).toEqual({
      celsius: 21,
    });
  });

  it('gives nothing at all if everything is there already', () => {
    expect(changesOf({ celsius: 20 }, { celsius: 20 })).toBeUndefined();
    expect(changesOf({ celsius: 20 }, {})).toBeUndefined();
  });

  it('leaves alone what a patch does not define', () => {
    const unset: Partial<{ celsius: number | undefined }> = { celsius: undefined };
    expect(changesOf<{ celsius: number | undefined }>({ celsius: 20 }, unset)).toBeUndefined();
  });

  it('replaces a list or an object whole', () => {
    expect(changesOf<Values>({ a: { x: 1, y: 2 } }, { a: { x: 1 } })).toEqual({ a: { x: 1 } });
  });

  it('finds nothing more to change after a merge', () => {
    fc.assert(
      fc.property(values, values, (state, patch) => {
        expect(changesOf(merge(state, patch), patch)).toBeUndefined();
      }),
    );
  });

  it('lets patches of different properties come in any order', () => {
    const left = fc.dictionary(fc.constantFrom('a', 'b'), json);
    const right = fc.dictionary(fc.constantFrom('c', 'd'), json);
    fc.assert(
      fc.property(values, left, right, (state, one, other) => {
        expect(merge(merge(state, one), other)).toEqual(merge(merge(state, other), one));
      }),
    );
  });

  it('says the same as a plain merge that is compared', () => {
    fc.assert(
      fc.property(values, values, (state, patch) => {
        const isChanged = changesOf(state, patch) !== undefined;
        expect(isChanged).toBe(!same(state, { ...state, ...patch }));
      }),
    );
  });
});

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
