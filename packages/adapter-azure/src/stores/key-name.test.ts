import { describe, expect, it } from 'vitest';
import { keyName } from './key-name.ts';

const signs = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));
const keys = [
  '',
  ...signs,
  ...signs.map((sign) => `a${sign}`),
  ...signs.map((sign) => `a${sign}b`),
];

describe('the name of a key', () => {
  it('has no sign that Azure forbids or that a URL changes', () => {
    for (const key of keys) expect(keyName(key, 100)).toMatch(/^[\w\-.:;<=>@[\]^`{|}~!]*$/);
  });

  it('is its own for every key', () => {
    expect(new Set(keys.map((key) => keyName(key, 100))).size).toBe(new Set(keys).size);
  });

  it('sorts as the UTF-8 of its key does', () => {
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys.map((key) => [keyName(key, 100), key] as const).toSorted(byName)).toEqual(
      sorted.map((key) => [keyName(key, 100), key]),
    );
  });

  it('can be read where the key can', () => {
    expect(keyName('thermostat/living-room_1', 100)).toBe('thermostat.1living-room_1');
  });

  it('keeps within its length, by a hash', () => {
    const [long, longer] = ['x'.repeat(101), 'x'.repeat(102)].map((key) => keyName(key, 100));
    expect(long).toMatch(/^x{55}~~[\w-]{43}$/);
    expect(longer).not.toBe(long);
    expect(keyName('x'.repeat(100), 100)).toBe('x'.repeat(100));
  });
});

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
