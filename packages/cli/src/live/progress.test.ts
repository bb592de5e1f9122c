import { describe, expect, it } from 'vitest';
import { barText, progress } from './progress.ts';

describe('barText', () => {
  it.each([
    [0, 10, /^░{24} +0 %$/],
    [5, 10, /^█{12}░{12} +50 %$/],
    [10, 10, /^█{24} 100 %$/],
    [0, 0, /100 %$/],
  ])('shows %d of %d', (done, total, text) => {
    expect(barText(done, total)).toMatch(text);
  });
});

describe('progress', () => {
  const watched = (isTTY: boolean) => {
    const texts: string[] = [];
    const sink = { isTTY, write: (text: string) => texts.push(text) };
    let now = 0;
    const work = progress(sink, { TERM: 'xterm' }, 'replaying', () => now);
    return { texts, work, at: (ms: number) => (now = ms) };
  };

  it('says nothing of short work without a terminal, and little of long work', () => {
    const { texts, work, at } = watched(false);
    work.to(1, 10);
    at(4_999);
    work.to(5, 10);
    expect(texts).toEqual([]);
    at(6_000);
    work.to(6, 10);
    expect(texts).toEqual([expect.stringMatching(/^replaying .* 60 % {2}4 s left\n$/)]);
  });

  it('draws a bar in a terminal and takes it away', () => {
    const { texts, work } = watched(true);
    work.to(5, 10);
    expect(texts[0]).toContain('50 %');
    work.end();
    expect(texts).toHaveLength(2);
  });
});
