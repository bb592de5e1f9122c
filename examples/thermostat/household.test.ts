import { describe, expect, it } from 'vitest';
import { occupantsAt, shortDay } from './household.ts';

describe('a short day', () => {
  it.each([
    [0, 2],
    [1_499, 2],
    [1_500, 1],
    [2_000, 0],
    [12_999, 0],
    [13_000, 1],
    [21_999, 2],
    [24_000, 0],
  ])('has after %d ms %d people at home', (ms, occupants) => {
    expect(occupantsAt(shortDay, ms)).toBe(occupants);
  });
});
