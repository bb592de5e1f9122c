import { setTimeout as wait } from 'node:timers/promises';
import { HearthError } from '@hearth/core';
import type { CallSignal, Clock } from '@hearth/core';

/** The clock of the machine: real time, real waiting. */
export function systemClock(): Clock {
  return { now: () => Date.now(), sleep, within };
}

// Beyond that a timer of Node.js fires at once.
const longestMs = 2 ** 31 - 1;

// Somebody waits for what comes after the sleep, so it keeps the process alive.
async function sleep(ms: number): Promise<void> {
  await wait(Math.min(ms, longestMs));
}

function within<T>(ms: number, work: (signal: CallSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(
      () => {
        const message = `Nothing came within ${ms} ms.`;
        const error = new HearthError('timeout', message, { retryable: true });
        reject(error);
        controller.abort(error);
      },
      Math.min(ms, longestMs),
    );
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      outcome();
    };
    work(controller.signal).then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
