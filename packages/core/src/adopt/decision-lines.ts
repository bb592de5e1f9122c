import { isoTime } from '../app/stamp.ts';
import { loggable } from '../app/telemetry.ts';
import type { DecisionComparison, DecisionCounts, Found } from './decisions.ts';

/** A comparison as people read it: the totals, then by type, then each decision that is not the same in both. */
export function decisionLines(comparison: DecisionComparison): readonly string[] {
  const { withinMs, byType, found, passedOver } = comparison;
  const total = totalOf(comparison);
  const unlisted = total - comparison.both - found.length;
  const types = Object.entries(byType).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const others = Object.entries(passedOver).map(([type, count]) => `${loggable(type)} ${count}`);
  return [
    `${total} decisions, compared within ${withinMs / 1000} s: ${countsText(comparison)}`,
    ...types.map(([type, counts]) => `  ${loggable(type)}: ${countsText(counts)}`),
    ...(others.length === 0 ? [] : [`  not compared: ${others.join(', ')}`]),
    ...(unlisted > 0 ? [`  the last ${found.length} that are not the same:`] : []),
    ...found.flatMap(foundLines),
  ];
}

const totalOf = ({ both, differ, onlyOurs, onlyTheirs }: DecisionCounts): number =>
  both + differ + onlyOurs + onlyTheirs;

const countsText = ({ both, differ, onlyOurs, onlyTheirs }: DecisionCounts): string =>
  `${both} the same, ${differ} differ, ${onlyOurs} only ours, ${onlyTheirs} only theirs`;

const words = {
  both: 'the same',
  differ: 'differ',
  'only-ours': 'only ours',
  'only-theirs': 'only theirs',
};

function foundLines({
  outcome,
  subject,
  type,
  ours,
  theirs,
  differences,
}: Found): readonly string[] {
  const one = ours ?? theirs;
  const why = ours?.because === undefined ? '' : `  because ${ours.because.join(' and ')}`;
  const gap = ours === undefined || theirs === undefined ? undefined : theirs.at - ours.at;
  const when = gap === undefined || gap === 0 ? '' : `  theirs ${gapText(gap)}`;
  const head = `${timeText(one?.at)}  ${words[outcome]}  ${loggable(subject)}  ${loggable(type)}${why}${when}`;
  if (outcome !== 'differ') return [head, `    ${text(one?.event.data)}`];
  return [
    head,
    ...differences.map(
      ({ at, ours: mine, theirs: other }) =>
        `    ${loggable(at)}: ours ${text(mine)}, theirs ${text(other)}`,
    ),
  ];
}

const gapText = (ms: number): string =>
  ms > 0 ? `${ms / 1000} s later` : `${-ms / 1000} s earlier`;

const timeText = (at: number | undefined): string =>
  at !== undefined && Math.abs(at) <= 8.64e15 ? isoTime(at) : 'at an unknown time';

const text = (value: unknown): string =>
  value === undefined ? 'nothing' : loggable(JSON.stringify(value));
