import {
  isHearthError,
  type Answered,
  type App,
  type Applied,
  type CloudEvent,
} from '@hearth/core';
import { padded } from './columns.ts';
import { kindsOf } from './kinds.ts';
import { millisecondsText } from './latency.ts';
import { narrator } from './narrate.ts';
import { paint, wantsColor, type Paint } from './paint.ts';
import { screen, type Sink } from './screen.ts';
import type { Summary, Tally } from './tally.ts';

/** What a view shows and where. */
export interface ViewOptions {
  readonly app: App;
  readonly tally: Tally;
  readonly sink: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What stands above the totals: whatever is worth seeing all the time. */
  readonly panel?: (colors: Paint) => Promise<readonly string[]>;
  /** What stands below them. */
  readonly hints?: readonly string[];
}

/**
 * Shows what an app does. In a terminal, what is notable scrolls by above a panel with the present; elsewhere everything is a line,
 * readings among them, but not more than ten of those a second.
 */
export interface View {
  readonly colors: Paint;
  /** Writes a line of one's own. */
  say(text: string): void;
  applied(applied: Applied): void;
  answered(answered: Answered): void;
  /** Draws the panel for the last time, as lines, and ends. */
  end(): Promise<void>;
}

const redrawMs = 150;
const totalsMs = 5_000;
const readingsPerSecond = 10;

/** Opens a view. */
export function view(options: ViewOptions): View {
  const { app, tally, sink, env, now, hints = [] } = options;
  const colors = paint(wantsColor(sink, env));
  const to = screen(sink, env);
  const narrate = narrator(app, colors);
  const kindOf = kindsOf(app);
  const say = (text: string) => to.line(`${colors.faint(clockText(now()))} ${text}`);
  const reading = limited(readingsPerSecond, say, (count) => `… and ${count} more readings`);
  const told = new Set<string>();
  const came = (event: CloudEvent) => {
    if (told.has(event.id)) return;
    told.add(event.id);
    const isReading = kindOf(event.type) === 'reading';
    if (!isReading) say(narrate.came(event));
    else if (!to.isLive) reading.say(narrate.came(event));
  };
  const custom = () => options.panel?.(colors) ?? Promise.resolve([]);
  const totals = () => totalLines(tally.summary(), colors);
  const redraw = async () =>
    to.panel([...(await custom()), ...totals(), ...hints.map(colors.faint)]);
  let drawing: Promise<void> | undefined;
  const tick = () => {
    drawing ??= redraw().finally(() => (drawing = undefined));
  };
  const timer = to.isLive
    ? setInterval(tick, redrawMs)
    : setInterval(
        () => totals().forEach((line) => say(`${padded('totals', 9)} ${line}`)),
        totalsMs,
      );
  return {
    colors,
    say,
    applied(applied) {
      const { event, principal } = applied;
      // The app's own cascades are not news; what came is told before what it led to.
      if (principal.kind !== 'app') came(event);
      narrate.applied(applied).forEach(say);
    },
    answered(answered) {
      const { event, verdict, duplicate } = answered;
      if (verdict !== 'done') narrate.refused(answered).forEach(say);
      else if (!isHearthError(event) && duplicate !== true) came(event);
      if (!isHearthError(event)) told.delete(event.id);
    },
    async end() {
      clearInterval(timer);
      reading.end();
      await drawing;
      to.end();
    },
  };
}

/** The figures of a run in two lines. */
export function totalLines(summary: Summary, colors: Paint): readonly string[] {
  const { readings, decisions, wishes, commands, rejected, retried, duplicates } = summary;
  const trouble = Object.entries({ rejected, retried, duplicates })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => colors.bad(`${name} ${count}`));
  const parts = [
    `readings ${readings}`,
    `decisions ${decisions}`,
    `wishes ${wishes}`,
    `commands ${commands - wishes}`,
  ];
  const { p50Ms, p99Ms } = summary;
  return [
    [...parts.map(colors.strong), ...trouble].join(' · '),
    ...(p99Ms === 0
      ? []
      : [`from device to verdict: p50 ${millisecondsText(p50Ms)}, p99 ${millisecondsText(p99Ms)}`]),
  ];
}

/** Says at most so many texts in a second, and then how many there were besides. */
function limited(perSecond: number, say: (text: string) => void, rest: (count: number) => string) {
  let said = 0;
  let left = 0;
  const next = () => {
    if (left > 0) say(rest(left));
    said = 0;
    left = 0;
  };
  const timer = setInterval(next, 1000);
  return {
    say(text: string) {
      said += 1;
      if (said > perSecond) left += 1;
      else say(text);
    },
    end() {
      clearInterval(timer);
      next();
    },
  };
}

function clockText(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
