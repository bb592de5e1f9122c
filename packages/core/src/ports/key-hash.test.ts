import { expect, it } from 'vitest';
import { inShard, keyHash } from './key-hash.ts';

// A stored hash must mean the same tomorrow: these are the values of the first release.
it('never changes', () => {
  expect([keyHash(''), keyHash('com.acme.thermostat/t1'), keyHash('home/höhle')]).toEqual([
    2_872_998_923, 2_005_896_581, 2_703_481_444,
  ]);
});

it('spreads neighbouring keys evenly', () => {
  const counts = Array.from({ length: 7 }, () => 0);
  for (let i = 0; i < 7_000; i += 1) {
    const index = counts.findIndex((_, shard) => inShard(`h/${i}`, { index: shard, of: 7 }));
    counts[index] = (counts[index] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

it('gives everything to the one shard there is', () => {
  expect(inShard('h/1', undefined)).toBe(true);
  expect(inShard('h/1', { index: 0, of: 1 })).toBe(true);
});
