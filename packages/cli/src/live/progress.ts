import { durationText } from '../duration.ts';
import { screen, type Sink } from './screen.ts';

/** Tells how far long work has come. */
export interface Progress {
  /** `done` of `total`, in whatever unit. */
  to(done: number, total: number): void;
  end(): void;
}

const barWidth = 24;
const everyMs = { terminal: 100, lines: 5_000 };

/** A bar in a terminal; elsewhere a line every five seconds, and none for work that is shorter. */
export function progress(
  sink: Sink,
  env: Readonly<Record<string, string | undefined>>,
  label: string,
  now: () => number,
): Progress {
  const to = screen(sink, env);
  const begun = now();
  let shown = to.isLive ? -Infinity : begun;
  return {
    to(done, total) {
      const at = now();
      if (at - shown < (to.isLive ? everyMs.terminal : everyMs.lines)) return;
      shown = at;
      const line = `${label}  ${barText(done, total)}  ${restText(done, total, at - begun)}`;
      if (to.isLive) to.panel([line]);
      else to.line(line);
    },
    end: () => to.end(),
  };
}

/** `██████░░░░░░  45 %` */
export function barText(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * barWidth);
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** How long the rest will take at the pace so far. */
function restText(done: number, total: number, tookMs: number): string {
  if (done === 0 || tookMs < 1000) return '';
  return `${durationText((tookMs * (total - done)) / done)} left`;
}
