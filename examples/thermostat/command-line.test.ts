import { describe, expect, it } from 'vitest';
import { readCommandLine, usage } from './command-line.ts';

describe('the command line', () => {
  it('is read into values', () => {
    const line = '--for 30s --devices 5 --rate 0.5 --broker mqtt://localhost --fresh --json';
    expect(readCommandLine(line.split(' '))).toEqual({
      for: 30_000,
      devices: 5,
      rate: 0.5,
      broker: 'mqtt://localhost',
      fresh: true,
      json: true,
    });
  });

  it.each([
    ['max', Infinity],
    ['60', 60],
    ['2.5x', 2.5],
  ])('takes --speed %s', (text, speed) => {
    const line = ['--replay', 'room.csv', '--below', '-5', '--speed', text];
    expect(readCommandLine(line)).toEqual({ replay: 'room.csv', below: -5, speed });
  });

  it.each([
    ['--devices 0', /--devices needs a whole number from 1 to 5000, not "0"/],
    ['--rate 0', /--rate needs a number from 0.01/],
    ['--for ever', /--for needs a duration/],
    ['--turbo', /Unknown option "--turbo"/],
    ['kitchen', /What is "kitchen"\?/],
    ['--below 20', /--below goes only with --replay/],
    ['--replay room.csv --rate 5', /--rate does not go with --replay/],
    ['--replay room.csv --speed fast', /--speed needs "max" or a number/],
    ['--replay room.csv --speed 0', /--speed needs "max" or a number/],
  ])('refuses %s', (line, message) => {
    expect(() => readCommandLine(line.split(' '))).toThrow(message);
    expect(() => readCommandLine(line.split(' '))).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    );
  });

  it('is explained', () => {
    for (const name of ['--for', '--devices', '--rate', '--broker', '--fresh', '--replay']) {
      expect(usage).toContain(name);
    }
  });
});
