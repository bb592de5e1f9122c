import type { Simulation } from '@hearth/core/simulate';
import { contentDifferences, endingDifferences, endingOf } from './ending.ts';
import { sameArrivals, type Ending } from './ending.ts';
import type { Perturbation } from './perturbation.ts';
import { perturbationsOf } from './perturbations.ts';
import { seededRandom } from './plans.ts';
import { tell } from './play.ts';
import { UnmetExpectation } from './story-report.ts';
import type { Script } from './story.ts';

/** How often, and which of the ways, a story is told again. */
export interface WhateverOptions {
  /** What is chosen by chance is chosen by this; 1 unless told otherwise. A failure names it. */
  readonly seed?: number;
  /** Tells only the ways whose name contains this text: for the one that has just failed. */
  readonly only?: string;
  /** About how many steps at ports are taken in all (default 30,000); a long story is told in fewer ways, chosen by the seed. */
  readonly budget?: number;
}

/** Tells a story in all ways, and insists that it ends the same. */
export async function whateverHappens(
  script: Script,
  simulation: Simulation,
  options: WhateverOptions,
): Promise<void> {
  const { seed = 1, only = '', budget = 30_000 } = options;
  const random = seededRandom(seed);
  const inline = await tell(script, { name: 'undisturbed', cascade: 'inline' }, true);
  const undisturbed = 'told on the production path, one input after the other';
  const simulated = await simulatedEnding(script, simulation);
  report(undisturbed, seed, [
    ...inline.ending.faults,
    ...endingDifferences(simulated, inline.ending),
  ]);
  const overBus: Perturbation = { name: 'over a bus', cascade: 'bus' };
  const bus = await tell(script, overBus, true);
  report(overBus.name, seed, shortcomings(script, inline.ending, bus.ending, overBus));
  const all = perturbationsOf(script, simulation, { inline, bus, random });
  const chosen = all.filter(({ name }) => name.includes(only));
  const affordable = Math.max(20, Math.floor(budget / Math.max(1, inline.steps.length)));
  for (const one of sample(chosen, affordable, random)) {
    const { ending } = await tell(script, one);
    report(one.name, seed, shortcomings(script, inline.ending, ending, one));
  }
}

async function simulatedEnding({ app }: Script, simulation: Simulation): Promise<Ending> {
  const { store, deadLetters: letters } = simulation;
  const published = simulation.published.map((event) => ({ event, body: JSON.stringify(event) }));
  return endingOf({ app, store, published, letters, sights: [], applied: [] });
}

/** What is wrong with an ending. One that comes of another order of arrival may differ, but must be sound. */
function shortcomings(
  { app }: Script,
  expected: Ending,
  ending: Ending,
  { name, isOneRound = false }: Perturbation,
): readonly string[] {
  if (hasReads(app) && !name.startsWith('every')) return ending.faults;
  if (sameArrivals(expected, ending))
    return [...ending.faults, ...endingDifferences(expected, ending)];
  const differences = isOneRound ? contentDifferences(expected, ending) : [];
  return [...ending.faults, ...differences, ...(differences.length > 0 ? [inRounds] : [])];
}

const inRounds =
  'What one when(…) says may come in one batch, and reach others in another order. If its order matters, say when(…) for each.';

/** What a step reads is not locked: how others' work falls between its reads may show. */
const hasReads = ({ handlers }: Script['app']): boolean =>
  [...handlers.values()].some(({ readsOf }) => Object.keys(readsOf).length > 0);

/** Some of many, in their order. */
function sample<T>(all: readonly T[], count: number, random: () => number): readonly T[] {
  let left = count;
  return all.filter((_, at) => {
    const isChosen = random() < left / (all.length - at);
    if (isChosen) left -= 1;
    return isChosen;
  });
}

function report(name: string, seed: number, differences: readonly string[]): void {
  if (differences.length === 0) return;
  const rows = differences.slice(0, 12).map((difference) => `  ${difference}`);
  const more = differences.length > 12 ? [`  … and ${differences.length - 12} more`] : [];
  const again = `Tell it like this again with .whateverHappens({ seed: ${seed}, only: '${name}' }).`;
  const message = `The story ends otherwise when ${name}:`;
  throw new UnmetExpectation([message, ...rows, ...more, '', again].join('\n'));
}
