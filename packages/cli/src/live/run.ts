import { createWriteStream, type WriteStream } from 'node:fs';
import { isHearthError, type Answered, type App } from '@hearth/core';
import { encodeStructured } from '@hearth/core/event';
import { onShutdown } from '@hearth/node';
import { exitCodes, print, type Io } from '../commands/command.ts';
import { runHome, type HomeOptions, type RunningHome } from '../local/home.ts';
import { durationText } from '../duration.ts';
import { paint, wantsColor, type Paint } from './paint.ts';
import { tally, type Summary, type Tally } from './tally.ts';
import { totalLines, view, type View } from './view.ts';

/** What goes with an app while it runs: simulated devices, a recording that is played. */
export interface Company {
  /** What is worth seeing all the time, above the totals. */
  readonly panel?: (colors: Paint) => Promise<readonly string[]>;
  /** Resolves when there is nothing more to do; the run ends then. */
  readonly done?: Promise<void>;
  /** Figures of its own for the summary. */
  readonly summary?: () => Readonly<Record<string, unknown>>;
  /** Ends the company; the app then finishes what is in hand. */
  stop(): Promise<void>;
}

/** What company gets. */
export interface Host {
  readonly home: RunningHome;
  readonly tally: Tally;
  readonly view: View;
}

/** How a run goes. */
export interface LiveOptions {
  readonly io: Io;
  readonly home?: Omit<HomeOptions, 'observe' | 'answered'>;
  /** Ends by itself after so long (ms). */
  readonly forMs?: number;
  /** A file to which every event that comes in is written, one in JSON a line: what `hearth replay` reads. */
  readonly log?: string;
  /** One JSON summary is the only thing on standard output; the rest goes to standard error. */
  readonly json?: boolean;
  /** Lines that greet, when the app is there. */
  readonly greet?: (home: RunningHome, colors: Paint) => readonly string[];
  readonly begin?: (host: Host) => Promise<Company>;
}

/**
 * Runs an app with everything embedded and shows what it does, until time is over, its company is done, or somebody ends it with
 * Ctrl-C: then it finishes what is in hand and prints a summary. Gives the exit code.
 *
 * @throws {HearthError} as `runHome` does, and what its company throws.
 */
export async function runLive(app: App, options: LiveOptions): Promise<number> {
  const beginning = begin(app, options);
  // Whoever ends it while it begins gets a summary, too.
  const stay = onShutdown(async () => (await beginning).end('summary'));
  try {
    await accompany(await beginning, options);
  } finally {
    stay();
  }
  return exitCodes.done;
}

async function accompany(run: Run, options: LiveOptions): Promise<void> {
  try {
    run.coming = options.begin?.(run);
    run.company = await run.coming;
    await over(run.company, options.forMs);
  } catch (error) {
    await run.end('silent');
    throw error;
  }
  await run.end('summary');
}

interface Run extends Host {
  coming: Promise<Company> | undefined;
  company: Company | undefined;
  end(how: 'summary' | 'silent'): Promise<void>;
}

async function begin(app: App, options: LiveOptions): Promise<Run> {
  const { io, json = false } = options;
  const sink = json ? io.stderr : io.stdout;
  const counts = tally(app, () => performance.timeOrigin + performance.now());
  let shown: View | undefined;
  const log = options.log === undefined ? undefined : createWriteStream(options.log);
  const home = await runHome(app, {
    ...options.home,
    observe(applied) {
      counts.applied(applied);
      shown?.applied(applied);
    },
    answered(answered) {
      counts.answered(answered);
      shown?.answered(answered);
      if (log !== undefined) logEvent(log, answered);
    },
  });
  const greeting = options.greet?.(home, paint(wantsColor(sink, io.env))) ?? [];
  for (const line of greeting) sink.write(`${line}\n`);
  const panel = (colors: Paint) => run.company?.panel?.(colors) ?? Promise.resolve([]);
  const hints = [`${home.url} · Ctrl-C ends`];
  shown = view({ app, tally: counts, sink, env: io.env, now: io.now, panel, hints });
  let ending: Promise<void> | undefined;
  const run: Run = {
    home,
    tally: counts,
    view: shown,
    coming: undefined,
    company: undefined,
    end(how) {
      ending ??= end(run, io, json, how).finally(() => log?.end());
      return ending;
    },
  };
  return run;
}

function logEvent(log: WriteStream, { event, verdict, duplicate }: Answered): void {
  if (isHearthError(event) || verdict === 'retry' || duplicate === true) return;
  log.write(`${encodeStructured(event)}\n`);
}

/** Resolves when time is over or the company is done; never if there is neither. */
async function over(company: Company | undefined, forMs: number | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    if (forMs !== undefined) timer = setTimeout(resolve, forMs);
  });
  await Promise.race([late, company?.done ?? late]);
  clearTimeout(timer);
}

async function end(run: Run, io: Io, json: boolean, how: 'summary' | 'silent'): Promise<void> {
  const { home, tally: counts, view: shown } = run;
  // If it failed to come, whoever waits for it says so.
  const company = await run.coming?.catch(() => undefined);
  await company?.stop();
  await home.close();
  await shown.end();
  if (how === 'silent') return;
  const summary = counts.summary();
  if (json) print(io, JSON.stringify({ ...summary, ...company?.summary?.() }));
  else for (const line of summaryLines(summary, shown.colors)) print(io, line);
}

function summaryLines(summary: Summary, colors: Paint): readonly string[] {
  return [`ended after ${durationText(summary.seconds * 1000)}`, ...totalLines(summary, colors)];
}
