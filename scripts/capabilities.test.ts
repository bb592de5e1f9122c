import { expect, it } from 'vitest';
import { capabilityPage } from './capabilities.ts';
import { read } from './sources.ts';

// The page is formatted after it is written: cells are padded, and blank lines are single.
const plain = (text: string) =>
  text
    .replaceAll(/-{3,}/g, '---')
    .replaceAll(/[ \n]+/g, ' ')
    .trim();

it('has a reference page of the capabilities as they are', () => {
  expect(plain(read('docs/reference/capabilities.md'))).toBe(plain(capabilityPage()));
});
