import { cut } from './columns.ts';

/** What a screen needs of a terminal or a pipe; `process.stdout` and `process.stderr` fit. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** Lines that stay, and below them a panel that is redrawn; without a terminal there are only lines. */
export interface Screen {
  /** Whether there is a panel. */
  readonly isLive: boolean;
  readonly columns: number;
  line(text: string): void;
  /** Replaces the panel. Without a terminal nothing happens. */
  panel(lines: readonly string[]): void;
  /** Takes the panel away. May be called twice. */
  end(): void;
}

const escape = '\u001B[';
// Nothing here outlasts one write, such as a hidden cursor would: the process may be killed at any time. Terminals that know synchronized output show a redraw in one piece; others ignore it. Without wrapping a row is always one line.
const begin = `${escape}?2026h${escape}?7l`;
const commit = `${escape}?7h${escape}?2026l`;

/** Gives the screen of a stream. */
export function screen(sink: Sink, env: Readonly<Record<string, string | undefined>>): Screen {
  const isLive = sink.isTTY === true && env['TERM'] !== 'dumb' && !isPiped(env);
  return isLive ? liveScreen(sink) : plainScreen(sink);
}

/** In continuous integration a terminal is only pretended. */
const isPiped = ({ CI }: Readonly<Record<string, string | undefined>>): boolean =>
  CI !== undefined && CI !== '' && CI !== 'false';

function plainScreen(sink: Sink): Screen {
  return {
    isLive: false,
    columns: Infinity,
    line: (text) => void sink.write(`${text}\n`),
    panel: () => undefined,
    end: () => undefined,
  };
}

function liveScreen(sink: Sink): Screen {
  let drawn: readonly string[] = [];
  let ended = false;
  // In the last column, the cursor stays on its sign, and what erases the rest of the line would erase that, too.
  const width = () => (sink.columns ?? 80) - 1;
  const fitted = (lines: readonly string[]) => {
    // A panel as high as the terminal would scroll while it is redrawn.
    const rows = Math.max(1, (sink.rows ?? 24) - 1);
    return lines.slice(0, rows).map((line) => cut(line, width()));
  };
  const draw = (above: readonly string[], below: readonly string[]) => {
    const up = drawn.length === 0 ? '\r' : `\r${escape}${drawn.length}A`;
    const rows = [...above, ...below].map((line) => `${line}${escape}K\n`).join('');
    sink.write(`${begin}${up}${rows}${escape}J${commit}`);
    drawn = below;
  };
  return {
    isLive: true,
    get columns() {
      return width();
    },
    line(text) {
      if (ended) sink.write(`${text}\n`);
      else draw([cut(text, width())], drawn);
    },
    panel(lines) {
      const next = fitted(lines);
      if (!ended && !same(next, drawn)) draw([], next);
    },
    end() {
      if (ended) return;
      draw([], []);
      ended = true;
    },
  };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
