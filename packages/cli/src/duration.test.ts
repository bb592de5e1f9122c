import { describe, expect, it } from 'vitest';
import { durationText, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['250ms', 250],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['7', 7000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text, '--for')).toBe(ms);
  });

  it.each(['', 's', '-1s', '1 s', '1w', 'soon'])('refuses "%s" and names the option', (text) => {
    expect(() => parseDuration(text, '--for')).toThrow(/^--for needs a duration/);
  });
});

describe('durationText', () => {
  it.each([
    [420, '420 ms'],
    [12_000, '12 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_800_000, '2 h 10 min'],
  ])('writes %d ms', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
