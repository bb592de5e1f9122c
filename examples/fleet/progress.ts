/** Where something has come to. */
export interface Progress {
  /** Shows how much is done. */
  at(done: number, note?: string): void;
  /** Ends it, and gives how many there were a second. */
  end(done: number, note?: string): number;
}

const width = 30;

/**
 * A bar that fills: on a terminal it is one line that changes; elsewhere only its end is written.
 *
 * @param write Takes text as it is, without an end of line.
 */
export function progress(
  what: string,
  total: number,
  { write, isTerminal, now = () => performance.now() }: Screen,
): Progress {
  const start = now();
  let shown = 0;
  const line = (done: number, note: string) => {
    const seconds = Math.max(0.001, (now() - start) / 1000);
    const rate = Math.round(done / seconds);
    const share = Math.min(1, total === 0 ? 1 : done / total);
    const full = Math.round(share * width);
    const bar = '█'.repeat(full) + '░'.repeat(width - full);
    const figures = `${figure(done)} of ${figure(total)} · ${figure(rate)}/s · ${seconds.toFixed(1)} s`;
    return { text: `${what.padEnd(22)} ${bar} ${figures}${note === '' ? '' : ` · ${note}`}`, rate };
  };
  return {
    at(done, note = '') {
      if (!isTerminal || now() - shown < 100) return;
      shown = now();
      write(`\r\u001B[2K${line(done, note).text}`);
    },
    end(done, note = '') {
      const { text, rate } = line(done, note);
      write(`${isTerminal ? '\r\u001B[2K' : ''}${text}\n`);
      return rate;
    },
  };
}

/** Where progress is shown. */
export interface Screen {
  readonly write: (text: string) => void;
  readonly isTerminal: boolean;
  readonly now?: () => number;
}

const figure = (value: number): string => value.toLocaleString('en');
