import { loggable } from '@hearth/core';
import type { Comparison, SimulatedEmission } from '@hearth/core/simulate';
import { counted, listText } from './record-lines.ts';
import type { ReplaySummary } from './replay.ts';

const shown = 20;

/** The figures of a replay, for people. */
export function replayLines(summary: ReplaySummary): readonly string[] {
  const { events, own, unreadable, deadLetters } = summary;
  return [
    `${counted(events, 'event')} replayed${own === 0 ? '' : `, ${own} of the app itself passed over`}`,
    ...unreadable
      .slice(0, shown)
      .map(({ line, code }) => `  line ${line} is no event (${code}) and was passed over`),
    ...(unreadable.length > shown ? [`  … and ${unreadable.length - shown} more lines`] : []),
    ...counts('verdicts', summary.verdicts),
    ...counts('decisions', summary.decisions),
    ...counts('published', summary.published),
    ...(deadLetters === 0 ? [] : [`dead letters  ${deadLetters}`]),
  ];
}

function counts(title: string, of: Readonly<Record<string, number>>): readonly string[] {
  const entries = Object.entries(of).toSorted(([, a], [, b]) => b - a);
  if (entries.length === 0) return [`${title}  none`];
  const width = Math.max(...entries.map(([, count]) => String(count).length));
  return [title, ...entries.map(([name, count]) => `  ${String(count).padStart(width)}  ${name}`)];
}

/** What `--against` found: `+` happens only in the app, `-` only in the other one, `~` in both at different instants. */
export function comparisonLines(difference: Comparison): readonly string[] {
  const { added, removed, moved, equal } = difference;
  if (added.length + removed.length + moved.length === 0) {
    return [`no difference: both emit the same ${equal} events`];
  }
  return [
    `differences: ${added.length} more, ${removed.length} fewer, ${moved.length} at another time; ${equal} equal`,
    ...some(removed, (one) => `- ${emissionText(one)}`),
    ...some(added, (one) => `+ ${emissionText(one)}`),
    ...some(moved, ({ from, to }) => `~ ${emissionText(to)}, not ${timeText(from.at)}`),
  ];
}

function some<T>(ones: readonly T[], text: (one: T) => string): readonly string[] {
  const more = ones.length - shown;
  const lines = ones.slice(0, shown).map((one) => `  ${text(one)}`);
  return more > 0 ? [...lines, `  … and ${more} more`] : lines;
}

const timeText = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

function emissionText({ at, type, to, data, handler, because }: SimulatedEmission): string {
  const why = because === undefined ? '' : ` because ${listText(because)}`;
  return loggable(`${timeText(at)} ${type} ${to} ${JSON.stringify(data)} (${handler}${why})`);
}
