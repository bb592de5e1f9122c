import { HearthError } from '@hearth/core/event';
import type { Clock } from '@hearth/core/ports';

/** How a simulated clock goes. */
export interface SimulatedClockOptions {
  /** Whether sleeping moves the clock on by itself, instead of waiting for `advance`. */
  readonly autoAdvance?: boolean;
}

/** A clock that stands still unless it is moved. */
export interface SimulatedClock extends Clock {
  /**
   * Moves the clock on. What falls due on the way is woken at its own instant, in order, and gets the time to go on (and to sleep
   * again) before the clock moves further.
   */
  advance(ms: number): Promise<void>;
  /** How many sleep or wait for a time limit. */
  readonly waiting: number;
}

interface Waiter {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * A clock for tests and simulations: no test needs to sleep.
 *
 * With `autoAdvance`, `sleep` moves the clock on and resolves at once. A limit of `within` is reached only when the clock is moved past
 * it, by `advance` or by somebody's sleep: work that neither sleeps nor ends is waited for.
 */
export function simulatedClock(
  startMs: number,
  options: SimulatedClockOptions = {},
): SimulatedClock {
  const waiters = new Set<Waiter>();
  let now = startMs;
  const wait = (ms: number, wake: () => void): Waiter => {
    const waiter = { at: now + Math.max(0, ms), wake };
    waiters.add(waiter);
    return waiter;
  };
  const moveTo = async (end: number) => {
    for (let next = earliest(waiters, end); next !== undefined; next = earliest(waiters, end)) {
      now = Math.max(now, next.at);
      waiters.delete(next);
      next.wake();
      await turn();
    }
    now = Math.max(now, end);
  };
  return {
    now: () => now,
    get waiting() {
      return waiters.size;
    },
    advance: (ms) => moveTo(now + ms),
    sleep: (ms) =>
      options.autoAdvance === true
        ? moveTo(now + ms)
        : new Promise((resolve) => {
            wait(ms, resolve);
          }),
    within: (ms, work) => within(ms, work, wait, (waiter) => waiters.delete(waiter)),
  };
}

function earliest(waiters: ReadonlySet<Waiter>, end: number): Waiter | undefined {
  let first: Waiter | undefined;
  for (const waiter of waiters) {
    if (waiter.at <= end && (first === undefined || waiter.at < first.at)) first = waiter;
  }
  return first;
}

async function within<T>(
  ms: number,
  work: Parameters<Clock['within']>[1],
  wait: (ms: number, wake: () => void) => Waiter,
  cancel: (waiter: Waiter) => void,
): Promise<T> {
  const controller = new AbortController();
  let waiter: Waiter | undefined;
  const limit = new Promise<never>((_, reject) => {
    waiter = wait(ms, () => {
      const error = new HearthError('timeout', `It took longer than ${ms} ms.`, {
        retryable: true,
      });
      controller.abort(error);
      reject(error);
    });
  });
  try {
    return (await Promise.race([work(controller.signal), limit])) as T;
  } finally {
    if (waiter !== undefined) cancel(waiter);
  }
}

// Taken before a test runner can replace it. A turn of the event loop lets every promise that can go on do so.
const { setImmediate: immediate } = globalThis;

function turn(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}
