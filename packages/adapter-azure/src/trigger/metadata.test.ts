import { expect, it } from 'vitest';
import { digitsOf, instantOf, countOf } from './metadata.ts';

it('takes an instant of the host for UTC, whether it says so or not', () => {
  for (const text of ['2024-01-01T00:00:00.1234567', '2024-01-01T00:00:00.1234567Z']) {
    expect(instantOf(text)).toBe('2024-01-01T00:00:00.1234567Z');
  }
  expect(instantOf('2024-01-01T02:00:00+02:00')).toBe('2024-01-01T02:00:00+02:00');
});

it.each(['', 'now', '2024-13-01T00:00:00', 7, null, undefined])(
  'finds no instant in %j',
  (value) => {
    expect(instantOf(value)).toBeUndefined();
  },
);

it('reads numbers of 64 bits in each of their forms', () => {
  const long = { low: 7, high: 0, toString: () => '9007199254740993' };
  expect([7, '7', long].map(digitsOf)).toEqual(['7', '7', '9007199254740993']);
  expect([null, undefined, '', 'x', -1, {}, []].map(digitsOf)).toEqual(Array(7).fill(undefined));
  expect(['3', 3, '', 'x', null, 1.5].map(countOf)).toEqual([3, 3, ...Array(4).fill(undefined)]);
});
