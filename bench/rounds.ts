import { median } from './figure.ts';

/** Does what is measured `count` times. */
export type Work = (count: number) => void | Promise<void>;

/** Operations per second: of the median round and of the best one. */
export interface Rate {
  readonly perSecond: number;
  readonly best: number;
}

/** Two contenders, and how many times faster the first one is (the median over the pairs of rounds). */
export interface Duel {
  readonly ours: Rate;
  readonly peer: Rate;
  readonly ratio: number;
}

/**
 * How long is measured, and by which clock: `cpu` (unless given) is the time that this thread was given, which is what one core can
 * do, however busy the machine is; `wall` also counts what is waited for. `multipleOf` is the least number of operations that makes
 * sense: a batch. A round takes 200 ms, because the system counts what a thread was given in steps of up to 10.
 */
export interface DuelOptions {
  readonly clock?: 'cpu' | 'wall';
  readonly rounds?: number;
  readonly roundMs?: number;
  readonly multipleOf?: number;
}

/** Whether this run only shows that everything runs: its figures mean nothing. */
export const isQuick = process.argv.includes('--quick');

/**
 * Measures two contenders side by side: both are warmed up, then they take turns, so that what else the machine does meets both.
 */
export async function duel(ours: Work, peer: Work, options: DuelOptions = {}): Promise<Duel> {
  const { clock = 'cpu', multipleOf = 1 } = options;
  const { rounds = 15, roundMs = 200 } = isQuick ? { rounds: 1, roundMs: 1 } : options;
  const now = clock === 'cpu' && !isQuick ? threadMs : () => performance.now();
  const counts = [
    await warmUp(now, ours, roundMs, multipleOf),
    await warmUp(now, peer, roundMs, multipleOf),
  ] as const;
  // Once: a heap that has just been emptied is slower than one at work.
  globalThis.gc?.();
  const rates: [ours: number[], peer: number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    // Whoever goes first changes with every round.
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      rates[side].push(await rateOf(now, side === 0 ? ours : peer, counts[side]));
    }
  }
  const [first, second] = rates;
  return {
    ours: summary(first),
    peer: summary(second),
    ratio: median(first.map((rate, round) => rate / (second[round] ?? Number.NaN))),
  };
}

function summary(rates: readonly number[]): Rate {
  return { perSecond: median(rates), best: Math.max(...rates) };
}

/** Runs for five rounds' time, doubling, and gives the count that fills one round. */
async function warmUp(
  now: () => number,
  work: Work,
  roundMs: number,
  multipleOf: number,
): Promise<number> {
  const end = performance.now() + roundMs * 5;
  let count = multipleOf;
  for (;;) {
    const rate = await rateOf(now, work, count);
    const fitting = Math.ceil((rate * roundMs) / 1000 / multipleOf) * multipleOf;
    if (performance.now() > end && Number.isFinite(fitting)) return fitting;
    count = Math.min(fitting, count * 2);
  }
}

async function rateOf(now: () => number, work: Work, count: number): Promise<number> {
  const start = now();
  await work(count);
  return (count / (now() - start)) * 1000;
}

/** The time (ms) that this thread has spent on a core. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
