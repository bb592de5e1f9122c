import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { sortedBlocks } from './sorted-blocks.ts';

const ascending = (a: number, b: number) => a - b;

it('reads what was inserted and not removed, in order, from any value on', () => {
  const change = fc.record({ insert: fc.boolean(), value: fc.integer({ min: 0, max: 3_000 }) });
  fc.assert(
    fc.property(
      fc.array(change, { size: 'max', maxLength: 4_000 }),
      fc.nat(3_000),
      (changes, from) => {
        const blocks = sortedBlocks<number>(ascending);
        const model = new Set<number>();
        for (const { insert, value } of changes) {
          if (!insert) blocks.remove(value);
          else if (!model.has(value)) blocks.insert(value);
          if (insert) model.add(value);
          else model.delete(value);
        }
        const sorted = [...model].toSorted(ascending);
        expect([...blocks.after(undefined)]).toEqual(sorted);
        expect([...blocks.after(from)]).toEqual(sorted.filter((value) => value > from));
        expect(blocks.size).toBe(sorted.length);
      },
    ),
    { numRuns: 20 },
  );
});

it('stays in order when it grows at its ends and empties in the middle', () => {
  const blocks = sortedBlocks<number>(ascending);
  for (let i = 0; i < 2_000; i += 1) {
    blocks.insert(i);
    blocks.insert(-1 - i);
  }
  for (let i = -1_500; i < 1_500; i += 1) blocks.remove(i);
  expect(blocks.size).toBe(1_000);
  expect([...blocks.after(-1_501)]).toEqual(Array.from({ length: 500 }, (_, i) => 1_500 + i));
});
