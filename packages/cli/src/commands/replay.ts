import { setImmediate } from 'node:timers/promises';
import { HearthError, isHearthError, type App, type HearthErrorCode } from '@hearth/core';
import { compare, simulation, type Comparison, type Simulation } from '@hearth/core/simulate';
import { logSize, readLog } from '../event-log.ts';
import { progress } from '../live/progress.ts';
import { loadApp } from '../load-app.ts';
import { flag, readOptions, text } from '../options.ts';
import { exitCodes, print, type Command, type Io } from './command.ts';
import { comparisonLines, replayLines } from './replay-lines.ts';

const usage = `hearth replay <events.jsonl> --app MODULE [--against MODULE] [--json]

Puts a log of events, one CloudEvent in JSON a line, through an app as if it were new: in a store of its own in memory, with the
events' own times, timers included. Nothing is sent and the real store is not touched. What the app itself emitted is passed over,
since the replay emits it again.

  --app MODULE       the module that exports the app
  --against MODULE   another version of the app to compare with: what it would have done otherwise
  --json             one JSON object

Ends with 3 if a comparison finds differences.`;

const options = { app: text, against: text, json: flag };

/** `hearth replay` */
export const replay: Command = {
  summary: 'put a log of events through an app, or compare two of them',
  usage,
  async run(args, io) {
    const { options: given, words } = readOptions(args, options);
    const [file, ...more] = words;
    if (file === undefined || more.length > 0) {
      throw new HearthError('invalid-option', 'Name one log of events to replay.');
    }
    if (given.app === undefined) {
      throw new HearthError('invalid-option', '--app: say which module exports the app.');
    }
    const app = await loadApp(given.app, '--app');
    const { against } = given;
    const other = against === undefined ? undefined : await loadApp(against, '--against');
    const one = await replayed(io, file, app);
    const two = other === undefined ? undefined : await replayed(io, file, other);
    const difference = two === undefined ? undefined : compare(two.run, one.run);
    report(io, one, difference, given.json);
    return difference === undefined || isEqual(difference) ? exitCodes.done : exitCodes.different;
  },
};

/** What a replay did, and what of its log was not replayed. */
export interface Replayed {
  readonly run: Simulation;
  readonly events: number;
  /** Events of the log that the app itself had emitted. */
  readonly own: number;
  readonly unreadable: readonly { readonly line: number; readonly code: HearthErrorCode }[];
}

const chunk = 256;

async function replayed(io: Io, file: string, app: App): Promise<Replayed> {
  const total = await logSize(file);
  const bar = progress(io.stderr, io.env, 'replaying', io.now);
  const unreadable: { line: number; code: HearthErrorCode }[] = [];
  let run: Simulation | undefined;
  let events = 0;
  let own = 0;
  for await (const { line, bytes, event } of readLog(file)) {
    if (line % chunk === 0) await setImmediate();
    bar.to(bytes, total);
    if (isHearthError(event)) unreadable.push({ line, code: event.code });
    else if (event.source === app.source) own += 1;
    else {
      const at = Date.parse(event.time ?? '');
      run ??= simulation(app, { start: at || 0 });
      run.happen(Number.isNaN(at) ? { event } : { at, event });
      events += 1;
    }
  }
  bar.end();
  return { run: run ?? simulation(app), events, own, unreadable };
}

function isEqual({ added, removed, moved }: Comparison): boolean {
  return added.length + removed.length + moved.length === 0;
}

function report(
  io: Io,
  one: Replayed,
  difference: Comparison | undefined,
  asJson: true | undefined,
): void {
  if (asJson === true) {
    print(io, JSON.stringify({ ...summaryOf(one), ...(difference && { difference }) }));
    return;
  }
  for (const line of replayLines(summaryOf(one))) print(io, line);
  if (difference !== undefined) for (const line of comparisonLines(difference)) print(io, line);
}

/** The figures of a replay. */
export interface ReplaySummary {
  readonly events: number;
  readonly own: number;
  readonly unreadable: Replayed['unreadable'];
  /** How many inputs had which verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** How often which handler decided. */
  readonly decisions: Readonly<Record<string, number>>;
  /** How many events of which type were published. */
  readonly published: Readonly<Record<string, number>>;
  readonly deadLetters: number;
}

function summaryOf({ run, events, own, unreadable }: Replayed): ReplaySummary {
  const decided = run.steps.filter(({ because }) => because !== undefined);
  return {
    events,
    own,
    unreadable,
    verdicts: tally(run.handled, ({ verdict }) => verdict),
    decisions: tally(decided, ({ handler }) => handler),
    published: tally(run.published, ({ type }) => type),
    deadLetters: run.deadLetters.length,
  };
}

function tally<T>(ones: readonly T[], nameOf: (one: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const one of ones) counts[nameOf(one)] = (counts[nameOf(one)] ?? 0) + 1;
  return counts;
}
