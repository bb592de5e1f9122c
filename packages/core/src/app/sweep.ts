import { isHearthError } from '../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Shard } from '../ports/state-store.ts';
import type { App } from './define-app.ts';
import { drive, due, type Task } from './effect.ts';
import { attend, carryOut } from './carry-out.ts';
import { log } from './telemetry.ts';
import type { Context } from './work.ts';

/** What a sweep looks at: one shard of the due index, at most `limit` records (default 1,000). */
export interface SweepOptions {
  readonly shard?: Shard;
  readonly limit?: number;
}

/** What a sweep did. `more` says that records are still due: sweep again. `failed` counts those whose outputs are still undelivered. */
export interface Swept {
  readonly records: number;
  readonly failed: number;
  readonly more: boolean;
}

/**
 * Runs timers that are due and delivers outputs that were left behind. Call it regularly; any number of sweepers may race.
 *
 * Never rejects: what cannot be attended to is counted and left for the next sweep.
 */
export function sweep(app: App, runtime: Runtime, options: SweepOptions = {}): Promise<Swept> {
  return drive(sweeping(app, runtime, options), runtime);
}

const pageSize = 100;

/** The task behind `sweep`. */
export function* sweeping(app: App, runtime: Runtime, options: SweepOptions = {}): Task<Swept> {
  const { limit = 1000, shard } = options;
  const context: Context = {
    app,
    runtime: { ...runtime, sweep: true },
    ordered: true,
    inFlight: new Set(),
    leftBehind: new Set(),
    carryOut,
  };
  const before = runtime.clock.now();
  const swept = { records: 0, failed: 0, more: false };
  let cursor: string | undefined;
  do {
    const page = yield* due({
      before,
      limit: Math.min(pageSize, limit - swept.records),
      ...(shard === undefined ? {} : { shard }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (isHearthError(page)) {
      log(context, 'warn', { reason: page.code }, 'A sweep could not read the due index.');
      return { ...swept, more: true };
    }
    swept.records += page.keys.length;
    swept.failed += yield* attend(context, page.keys);
    ({ cursor } = page);
    swept.more = cursor !== undefined;
  } while (cursor !== undefined && swept.records < limit);
  return swept;
}
