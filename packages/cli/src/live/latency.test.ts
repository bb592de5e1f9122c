import { describe, expect, it } from 'vitest';
import { latency, millisecondsText } from './latency.ts';

describe('latency', () => {
  it('gives quantiles within 2 %', () => {
    const durations = latency();
    for (let ms = 1; ms <= 1000; ms += 1) durations.add(ms);
    expect(Math.abs(durations.quantile(0.5) / 500 - 1)).toBeLessThan(0.02);
    expect(Math.abs(durations.quantile(0.99) / 990 - 1)).toBeLessThan(0.02);
  });

  it('is 0 when nothing was measured', () => {
    expect(latency().quantile(0.99)).toBe(0);
  });

  it('takes durations of 0 and of days', () => {
    const durations = latency();
    durations.add(0);
    durations.add(1e9);
    expect(durations.quantile(0)).toBeLessThan(0.01);
    expect(durations.quantile(1)).toBeGreaterThan(1e6);
  });
});

describe('millisecondsText', () => {
  it.each([
    [0.4234, '0.42 ms'],
    [8.26, '8.3 ms'],
    [119.6, '120 ms'],
  ])('writes %d', (ms, text) => {
    expect(millisecondsText(ms)).toBe(text);
  });
});
