import { describe, expect, it } from 'vitest';
import { occupantsAt, shortDay } from './household.ts';

describe('a short day', () => {
  it.each([
    [0, 2],
    [2_999, 2],
    [3_000, 1],
    [4_000, 0],
    [14_999, 0],
    [15_000, 1],
    [23_999, 2],
    [28_000, 0],
  ])('has after %d ms %d people at home', (ms, occupants) => {
    expect(occupantsAt(shortDay, ms)).toBe(occupants);
  });
});
