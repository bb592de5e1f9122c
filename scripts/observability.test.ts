import { describe, expect, it } from 'vitest';
import { filesUnder, read } from './sources.ts';

const page = read('docs/reference/logs-and-counts.md');
const sources = filesUnder('packages', '.ts')
  .filter((path) => /^packages\/[^/]+\/src\//.test(path) && !path.endsWith('.test.ts'))
  .map(read);

/** Gives what a pattern's first group finds in all sources. */
function found(pattern: RegExp): readonly string[] {
  const all = sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
  return [...new Set(all)].toSorted();
}

describe('docs/reference/logs-and-counts.md', () => {
  const names = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map((match) => match[1] ?? '');

  it('explains every count', () => {
    const counted = found(/\bcount(?:\?\.)?\(\s*(?:context,\s*)?'(\w+)'/g);
    expect(counted).not.toEqual([]);
    expect(counted.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('explains every field of a log line', () => {
    const fields = found(/fields\['(\w+)'\]/g);
    expect(fields).not.toEqual([]);
    expect(fields.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('explains nothing that is not there', () => {
    const isThere = (name: string) =>
      sources.some((text) => new RegExp(`\\b${name}\\b`).test(text));
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });

  it('has every message that the core writes', () => {
    const core = filesUnder('packages/core/src/app', '.ts').filter((path) => !/test/.test(path));
    const messages = core.flatMap((path) =>
      [...read(path).matchAll(/\blog\(\s*[^;]*?[`'"]([A-Z][^`'"]*)[^;]*?\);/g)].map(
        (match) => match[1] ?? '',
      ),
    );
    expect(messages.length).toBeGreaterThan(4);
    expect(messages.filter((message) => !page.includes(`\`${message.split('"')[0]}`))).toEqual([]);
  });
});
