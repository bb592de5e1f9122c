import { sweep } from '@hearth/core';
import type { App, Runtime, Shard } from '@hearth/core';
import { wakes } from './wakes.ts';

/** How a process sweeps. */
export interface SweeperOptions {
  /** The time between two sweeps, in ms: 1,000 unless given. A timer that was set before the process started is late by that much at most. */
  readonly everyMs?: number;
  /** The part of the records that this process looks after; all of them unless given. */
  readonly shard?: Shard;
}

/** A sweep that runs beside a trigger. */
export interface Sweeper {
  /** The runtime to hand to `handle`: the given one, with `sweep` and `wake`. */
  readonly runtime: Runtime;
  /** Sweeps now, or as soon as the sweep that is running has ended. */
  sweepNow(): Promise<void>;
  /** Begins no further sweep; resolves when the one that is running has ended. */
  stop(): Promise<void>;
}

// What is due already and still there could not be done just now; trying it again without a pause would be a busy loop.
const overdueMs = 100;

/**
 * Sweeps at once, then regularly, and at the very instants for which `runtime.wake` is asked.
 *
 * Timers that the app sets while the process runs are therefore on time, to the millisecond and the store's `indexLagMs`. The sweeper
 * does not keep the process alive.
 */
export function sweeper(app: App, given: Runtime, options: SweeperOptions = {}): Sweeper {
  const { everyMs = 1000, shard } = options;
  const { clock, store } = given;
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isStopped = false;

  const alarm = wakes(() => void sweepNow(), clock.now);
  const wake = (at: number) => {
    const now = clock.now();
    alarm.add(Math.max(at <= now ? now + overdueMs : at, now + store.capabilities.indexLagMs));
  };
  const runtime: Runtime = { ...given, sweep: true, wake };

  const sweepAll = async () => {
    while (isWanted) {
      isWanted = false;
      const { records, failed, more } = await sweep(
        app,
        runtime,
        shard === undefined ? {} : { shard },
      );
      // Where nothing could be done, as without the store, the next regular sweep is soon enough.
      if (more && records > failed) isWanted = !isStopped;
    }
    running = undefined;
  };
  const sweepNow = (): Promise<void> => {
    if (!isStopped) isWanted = true;
    running ??= sweepAll();
    return running;
  };

  const timer = setInterval(() => void sweepNow(), everyMs).unref();
  void sweepNow();
  return {
    runtime,
    sweepNow,
    async stop() {
      isStopped = true;
      isWanted = false;
      clearInterval(timer);
      alarm.clear();
      await running;
    },
  };
}
