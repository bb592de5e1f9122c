import { expect, it } from 'vitest';
import { newVersion, readVersion, tagName, tagsOf } from './version.ts';

it('a version tells how many saves there were and which tags the record has', () => {
  const tags = tagsOf({ key: 'light/1', tags: { home: 'x', room: 'y' } });
  const version = newVersion(7, tags);
  const hashes = tags.map(({ hash }) => hash);
  expect(readVersion(version)).toEqual({ count: 7, tags: new Set(hashes) });
  expect(readVersion(newVersion(1, []))).toEqual({ count: 1, tags: new Set() });
});

it('two saves never have one version', () => {
  expect(newVersion(7, [])).not.toBe(newVersion(7, []));
});

it('a record that is not there has version 0 and no tags', () => {
  expect(readVersion(null)).toEqual({ count: 0, tags: new Set() });
});

it.each([
  '',
  'no version',
  '999999999',
  '0..AAAAAAAA',
  '1.A.AAAAAAAA',
  '1..AAAAAAAA ',
  '-1..AAAAAAAA',
])('a text that is none is no version: "%s"', (text) => {
  expect(readVersion(text)).toBeUndefined();
});

it.each([
  ['h', 't', 'x'.repeat(5_000)],
  ['h', 't', '\ud800'],
])('a name that no index could hold is known by its hash', (handler, tag, value) => {
  expect(tagName(handler, tag, value)).toMatch(/^#[\w-]{43}$/);
});

it('names are apart, however they are made up', () => {
  const names = [
    tagName('a', 'b', 'c/d'),
    tagName('a', 'b/c', 'd'),
    tagName('a/b', 'c', 'd'),
    tagName('h', 't', '\ud800'),
    tagName('h', 't', '\ud801'),
    tagName('h', 't', '\ufffd'),
  ];
  expect(new Set(names).size).toBe(names.length);
});
