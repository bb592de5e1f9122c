import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaOf } from './delta.ts';
import { isDocument, type Document } from './document.ts';
import { merged } from './merge-patch.ts';

// A desired half holds no null, outside of arrays neither an inner one: null takes a wish back.
const bare = (value: unknown): unknown =>
  isDocument(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([name, part]) =>
          part === null ? [] : [[name, bare(part)]],
        ),
      )
    : value;
const halves = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 3 }))
  .map((value) => bare(JSON.parse(JSON.stringify(value))) as Document);

describe('the delta', () => {
  it.each([
    ['lacks what is as desired', { a: 1 }, { a: 1, b: 2 }, undefined],
    ['has what is missing', { a: 1, b: 2 }, { a: 1 }, { b: 2 }],
    [
      'has what is otherwise, and no more',
      { f: { on: true, speed: 2 } },
      { f: { on: true, speed: 1 } },
      { f: { speed: 2 } },
    ],
    ['has an array of objects whole', { a: [{ x: 1 }] }, { a: [{ x: 2 }] }, { a: [{ x: 1 }] }],
    ['lacks what is reported besides', {}, { a: 1 }, undefined],
    ['replaces a value by an object', { a: { b: 1 } }, { a: 1 }, { a: { b: 1 } }],
  ])('%s', (_, desired, reported, delta) => {
    expect(deltaOf(desired, reported)).toEqual(delta);
  });

  it('is empty once it is applied', () => {
    fc.assert(
      fc.property(halves, halves, (desired, reported) => {
        const delta = deltaOf(desired, reported) ?? {};
        expect(deltaOf(desired, merged(reported, delta))).toBeUndefined();
      }),
    );
  });

  it('is as exact as it is told to be', () => {
    const near = () => 0.25;
    expect(deltaOf({ a: 20 }, { a: 20.25 }, near)).toBeUndefined();
    expect(deltaOf({ a: 20 }, { a: 20.5 }, near)).toEqual({ a: 20 });
    expect(deltaOf({ a: 20 }, { a: 20.25 })).toEqual({ a: 20 });
  });
});
