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

  it('cuts a panel to the size of the terminal, without its last column', () => {
    const sink = { ...written(), isTTY: true, columns: 6, rows: 3 };
    live(sink).panel(['1234567', 'b', 'c', 'd']);
    expect(sink.texts[0]).toContain('1234…\u001B[K\nb\u001B[K\n\u001B[J');
  });

  it('takes the panel away once, and goes on with lines', () => {
    const sink = { ...written(), isTTY: true };
    const { panel, end, line } = live(sink);
    panel(['a']);
    end();
    end();
    line('after');
    expect(sink.texts).toHaveLength(3);
    expect(sink.texts[1]).toContain('\r\u001B[1A\u001B[J');
    expect(sink.texts[2]).toBe('after\n');
  });

  it('leaves the terminal as it was after every write', () => {
    const sink = { ...written(), isTTY: true };
    live(sink).panel(['a']);
    expect(sink.texts[0]).not.toContain('?25l');
    expect(sink.texts[0]?.endsWith('\u001B[?7h\u001B[?2026l')).toBe(true);
  });
});
