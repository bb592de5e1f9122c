import { describe, expect, it } from 'vitest';
import { screen, type Sink } from './screen.ts';

const written = () => {
  const texts: string[] = [];
  return { texts, write: (text: string) => texts.push(text) };
};

describe('a screen without a terminal', () => {
  it('writes lines and no panel', () => {
    const sink = written();
    const plain = screen(sink, {});
    plain.line('one');
    plain.panel(['never']);
    plain.end();
    expect(sink.texts).toEqual(['one\n']);
  });

  it.each([{ TERM: 'dumb' }, { CI: 'true' }])('is used with %o', (env) => {
    expect(screen({ ...written(), isTTY: true }, env).isLive).toBe(false);
  });
});

describe('a screen in a terminal', () => {
  const live = (sink: Sink) => screen(sink, { TERM: 'xterm' });

  it('goes back over exactly the lines of the panel that it replaces', () => {
    const sink = { ...written(), isTTY: true };
    const { panel, line } = live(sink);
    panel(['a', 'b']);
    line('stays');
    expect(sink.texts.at(-1)).toContain('\r\u001B[2Astays\u001B[K\na\u001B[K\nb\u001B[K\n\u001B[J');
  });

  it('does not draw what has not changed', () => {
    const sink = { ...written(), isTTY: true };
    const { panel } = live(sink);
    panel(['a']);
    panel(['a']);
    expect(sink.texts).toHaveLength(1);
  });

  it('cuts a panel to the size of the terminal', () => {
    const sink = { ...written(), isTTY: true, columns: 5, rows: 3 };
    live(sink).panel(['1234567', 'b', 'c', 'd']);
    expect(sink.texts[0]).toContain('1234…\u001B[K\nb\u001B[K\n\u001B[J');
  });

  it('gives the cursor back once', () => {
    const sink = { ...written(), isTTY: true };
    const { end, line } = live(sink);
    end();
    end();
    line('after');
    expect(sink.texts.filter((text) => text.includes('?25h'))).toHaveLength(1);
    expect(sink.texts.at(-1)).toBe('after\n');
  });
});
