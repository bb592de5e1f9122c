import { describe, expect, it } from 'vitest';
import { later, type Room } from './heat.ts';

const room = { celsius: 20, setpointCelsius: 20, isHeating: false, inertiaMinutes: 100 };

function after(start: Room, minutes: number): Room {
  let now = start;
  for (let minute = 0; minute < minutes; minute += 1) now = later(now, 1);
  return now;
}

describe('a room', () => {
  it('loses 63 % of its difference to the outside in its inertia', () => {
    const { celsius } = later({ ...room, setpointCelsius: 5 }, 100);
    expect(celsius).toBeCloseTo(2 + 18 * Math.exp(-1), 10);
  });

  it('cools as far in one step as in many', () => {
    const cold = { ...room, setpointCelsius: 5 };
    expect(after(cold, 50).celsius).toBeCloseTo(later(cold, 50).celsius, 10);
  });

  it('is kept near its setpoint', () => {
    const { celsius } = after({ ...room, setpointCelsius: 18 }, 1000);
    expect(Math.abs(celsius - 18)).toBeLessThan(1);
  });

  it('warms up when more is wished for', () => {
    const { celsius, isHeating } = after({ ...room, celsius: 14, setpointCelsius: 18 }, 10);
    expect(isHeating).toBe(true);
    expect(celsius).toBeGreaterThan(15);
  });

  it('gets colder than 15.5 °C, but not colder than outside, with the heating off', () => {
    const { celsius } = after({ ...room, setpointCelsius: -50 }, 10_000);
    expect(celsius).toBeLessThan(15.5);
    expect(celsius).toBeCloseTo(2, 5);
  });

  it.each([
    [17.69, true],
    [17.71, false],
  ])('at %d °C with a setpoint of 18 heating begins: %s', (celsius, isHeating) => {
    expect(later({ ...room, celsius, setpointCelsius: 18 }, 1).isHeating).toBe(isHeating);
  });
});
