import { describe, expect, it } from 'vitest';
import { columnsOf, cut, padded } from './columns.ts';

describe('columnsOf', () => {
  it.each([
    ['room', 4],
    ['\u001B[31mroom\u001B[39m', 4],
    ['部屋', 4],
    ['18 °C', 5],
    ['e\u0301', 1],
    ['🔥', 2],
  ])('counts what a terminal shows of %s', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });
});

describe('cut', () => {
  it('leaves what fits', () => {
    expect(cut('12345', 5)).toBe('12345');
  });

  it('shows that something is missing', () => {
    expect(cut('123456', 5)).toBe('1234…');
  });

  it('ends colours that it cuts', () => {
    expect(cut('\u001B[31m123456\u001B[39m', 5)).toBe('\u001B[31m1234…\u001B[39m');
  });

  it('never exceeds the columns with wide characters', () => {
    expect(columnsOf(cut('部屋部屋', 6))).toBeLessThanOrEqual(6);
  });
});

describe('padded', () => {
  it('fills up to the columns', () => {
    expect(padded('部', 4)).toBe('部  ');
    expect(padded('12345', 4)).toBe('12345');
  });
});
