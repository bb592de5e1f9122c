import { seededRandom } from './plans.ts';

/** Makes a choice among `count` possibilities. `state` says, where it is known, all that the rest of the run depends on. */
export type Choose = (count: number, state?: () => string) => number;

/** A run that need not go on, because another one has been in the same state. */
export class SeenBefore extends Error {
  override readonly name = 'SeenBefore';
}

/** What an exploration has found: the shortest run for every kind of problem. */
export interface Explored {
  readonly runs: number;
  readonly problems: ReadonlyMap<string, { readonly count: number; readonly trace: string }>;
}

/** One thing that is wrong with a run, and how it came about. */
export interface Problem {
  readonly kind: string;
  readonly trace: string;
}

/**
 * Runs something once for every sequence of choices it can make, depth first. A state that was met before is not entered again, which
 * is sound as long as it holds everything that matters.
 *
 * @throws {Error} when there are more than `limit` runs: an exploration that was cut short proves nothing.
 */
export async function exploreAll(
  run: (choose: Choose) => Promise<readonly Problem[]>,
  limit = 20_000,
): Promise<Explored> {
  const path: { at: number; readonly of: number }[] = [];
  const known = new Set<string>();
  const found = findings();
  for (let runs = 1; runs <= limit; runs += 1) {
    let depth = 0;
    const replayed = path.length;
    const choose: Choose = (count, state) => {
      if (count === 1) return 0;
      if (depth >= replayed && state !== undefined) {
        const text = state();
        if (known.has(text)) throw new SeenBefore();
        known.add(text);
      }
      if (depth === path.length) path.push({ at: 0, of: count });
      return path[depth++]?.at ?? 0;
    };
    found.add(await problemsOf(run, choose));
    while (path.length > 0 && path.at(-1)?.at === (path.at(-1)?.of ?? 0) - 1) path.pop();
    const last = path.at(-1);
    if (last === undefined) return { runs, problems: found.all };
    last.at += 1;
  }
  throw new Error(`There are more than ${limit} runs.`);
}

/** Runs something many times with choices by chance. A seed brings the same runs back. */
export async function exploreSome(
  run: (choose: Choose) => Promise<readonly Problem[]>,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): Promise<Explored> {
  const found = findings();
  for (let nth = 0; nth < runs; nth += 1) {
    const random = seededRandom(seed + nth);
    const problems = await problemsOf(run, (count) => Math.floor(random() * count));
    found.add(problems.map(({ kind, trace }) => ({ kind, trace: `seed ${seed + nth}: ${trace}` })));
  }
  return { runs, problems: found.all };
}

async function problemsOf(
  run: (choose: Choose) => Promise<readonly Problem[]>,
  choose: Choose,
): Promise<readonly Problem[]> {
  try {
    return await run(choose);
  } catch (error) {
    if (error instanceof SeenBefore) return [];
    throw error;
  }
}

function findings() {
  const all = new Map<string, { count: number; trace: string }>();
  return {
    all,
    add(problems: readonly Problem[]) {
      for (const { kind, trace } of problems) {
        const known = all.get(kind);
        if (known === undefined) all.set(kind, { count: 1, trace });
        else {
          known.count += 1;
          if (trace.length < known.trace.length) known.trace = trace;
        }
      }
    },
  };
}
