import { HearthError, isHearthError } from '../event/error.ts';
import type { Clock, Runtime } from '../ports/runtime.ts';

/** What has a limit. */
type Port = 'store' | 'publisher';

/** How long a store or publisher may take where the runtime does not say (ms). */
const portTimeoutMs = 30_000;
/** How much later than the deadline the store has answered at the latest, and a publisher, after which is something left to save (ms). */
const graceMs = { store: 500, publisher: 250 };
/** Below this (ms) a call is not begun, unless it wants less. */
const leastForCallMs = 1000;

/** How long it is until the deadline (ms). */
export function timeLeft({ deadline, clock }: Runtime): number {
  return deadline === undefined ? Number.POSITIVE_INFINITY : deadline - clock.now();
}

/** How long one operation of the store or of a publisher may take now (ms). */
export function portTime(runtime: Runtime, port: Port): number {
  return Math.min(runtime.portTimeoutMs ?? portTimeoutMs, timeLeft(runtime) + graceMs[port]);
}

/** How long a call may take now (ms); 0 if it is not to be begun. */
export function callTime(runtime: Runtime, timeoutMs: number): number {
  const left = timeLeft(runtime);
  return left < Math.min(timeoutMs, leastForCallMs) ? 0 : Math.min(timeoutMs, left);
}

/** What somebody who never answers amounts to. */
export const tooLate = (who: Port, ms: number): HearthError =>
  new HearthError('timeout', `The ${who} did not answer within ${Math.max(0, ms)} ms.`, {
    retryable: true,
  });

/**
 * Waits for an answer, but not for ever; what comes later is nobody's. A clock that cannot wait sets no limit.
 *
 * It rejects with `timeout` when nothing came in time, else with what the answer is rejected with.
 */
export function inTime<T>(answer: Promise<T>, who: Port, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const waiting = { isOver: false };
    const end = () => {
      waiting.isOver = true;
    };
    answer.then(resolve, reject);
    answer.then(end, end);
    const late = () => reject(tooLate(who, ms));
    void limit(waiting, () => clock.within(ms, () => answer)).then((isLate) => isLate && late());
  });
}

// Memory answers within a few turns, and needs no timer for that.
const patience = 8;

/** Sets the limit once it is clear that the answer takes a while; tells whether it was reached. */
async function limit(
  waiting: { readonly isOver: boolean },
  within: () => Promise<unknown>,
): Promise<boolean> {
  for (let turn = 0; turn < patience; turn += 1) {
    await settled;
    if (waiting.isOver) return false;
  }
  try {
    await within();
    return false;
  } catch (cause) {
    return !waiting.isOver && isHearthError(cause) && cause.code === 'timeout';
  }
}

const settled = Promise.resolve();
