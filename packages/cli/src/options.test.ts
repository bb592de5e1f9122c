import { describe, expect, expectTypeOf, it } from 'vitest';
import { duration, flag, number, readOptions, text } from './options.ts';

const specs = {
  json: flag,
  store: text,
  for: duration,
  below: number(),
  devices: number({ from: 1, to: 1000, whole: true }),
};
const read = (line: string) => readOptions(line.split(' '), specs);

describe('readOptions', () => {
  it('gives what was said, typed, and nothing else', () => {
    const { options, words } = read('a/b --json --for 30s --devices 3 --below=21.5');
    expect(options).toEqual({ json: true, for: 30_000, devices: 3, below: 21.5 });
    expect(words).toEqual(['a/b']);
    expectTypeOf(options.devices).toEqualTypeOf<number | undefined>();
    expectTypeOf(options.json).toEqualTypeOf<true | undefined>();
  });

  it('takes a negative number for a value', () => {
    expect(read('--below -5').options).toEqual({ below: -5 });
  });

  it.each([
    ['--nonsense', /^Unknown option "--nonsense"\. The options are --json, --store/],
    ['--store', /--store/],
    ['--devices 0', /^--devices needs a whole number from 1 to 1000, not "0"\.$/],
    ['--devices 1.5', /^--devices needs a whole number/],
    ['--below warm', /^--below needs a number, not "warm"\.$/],
    ['--for ever', /^--for needs a duration/],
    ['--store=', /^--store must not be empty\.$/],
    ['--json=yes', /--json/],
  ])('refuses %s in one line', (line, message) => {
    expect(() => read(line)).toThrow(message);
    expect(() => read(line)).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    expect(() => read(line)).not.toThrow(/\n/);
  });
});
