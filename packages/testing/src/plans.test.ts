import { expect, it } from 'vitest';
import { simulatedClock } from './clock.ts';
import { during, firstOf, onNth, seededFaults, seededRandom } from './plans.ts';

const call = (operation: string, nth: number) => ({ operation, nth });

it('onNth has its fault at the times named, of the operation named', () => {
  const plan = onNth<{ operation: string; nth: number }, string>('save', [2, 4], 'x');
  const faults = [1, 2, 3, 4].map((nth) => plan(call('save', nth)));
  expect(faults).toEqual([undefined, 'x', undefined, 'x']);
  expect(plan(call('load', 2))).toBeUndefined();
});

it('during has its fault from an instant to just before another', async () => {
  const clock = simulatedClock(9);
  const plan = during(clock, 10, 12, 'x');
  const faults = [];
  for (let i = 0; i < 4; i += 1) {
    faults.push(plan(call('save', i)));
    await clock.advance(1);
  }
  expect(faults).toEqual([undefined, 'x', 'x', undefined]);
});

it('firstOf asks one plan after the other', () => {
  const plan = firstOf(onNth('save', 1, 'a'), () => 'b');
  expect([plan(call('save', 1)), plan(call('save', 2))]).toEqual(['a', 'b']);
  expect(firstOf()(call('save', 1))).toBeUndefined();
});

it('seededFaults has each fault about as often as its rate says, and the same for the same seed', () => {
  const draw = (seed: number) => {
    const plan = seededFaults(seed, [
      ['a', 0.2],
      ['b', 0.1],
    ]);
    return Array.from({ length: 2_000 }, () => plan(call('save', 1)));
  };
  const faults = draw(7);
  expect(faults).toEqual(draw(7));
  expect(faults).not.toEqual(draw(8));
  expect(Math.abs(faults.filter((fault) => fault === 'a').length - 400)).toBeLessThan(60);
  expect(Math.abs(faults.filter((fault) => fault === 'b').length - 200)).toBeLessThan(60);
});

it('seededRandom stays in [0, 1)', () => {
  const random = seededRandom(1);
  const numbers = Array.from({ length: 1_000 }, random);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
});
