import { expect, it } from 'vitest';
import { recent } from './recent.ts';

/** Which of the keys that were set, in order, are still known. */
function known(most: number, set: string): string {
  const values = recent<string>(most);
  const keys = set.split('');
  for (const key of keys) values.set(key, key);
  return [...new Set(keys)].filter((key) => values.get(key) === key).join('');
}

it('keeps at least as many as it says, and forgets what was set long before', () => {
  expect(known(3, 'abc')).toBe('abc');
  expect(known(3, 'abcde')).toBe('abcde');
  expect(known(3, 'abcdef')).toBe('def');
});

it('counts from when a value was set again', () => {
  expect(known(3, 'abcdeaf')).toBe('adef');
});

it('forgets at once what is deleted, however old it is', () => {
  const values = recent<number>(2);
  for (const [at, key] of ['a', 'b', 'c'].entries()) values.set(key, at);
  for (const key of ['a', 'c']) values.delete(key);
  expect(['a', 'b', 'c'].map((key) => values.get(key))).toEqual([undefined, 1, undefined]);
});
