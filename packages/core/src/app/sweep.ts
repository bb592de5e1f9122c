import { isHearthError } from '../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Shard } from '../ports/state-store.ts';
import type { App } from './define-app.ts';
import { drive, due, type Task } from './effect.ts';
import { attend, carryOut, nearDeadline } from './carry-out.ts';
import { keeperOf } from './group.ts';
import { log, loggedError } from './telemetry.ts';
import type { Context } from './work.ts';

/** What a sweep looks at: one shard of the due index, at most `limit` records (default 1,000) besides those at which it fails. */
export interface SweepOptions {
  readonly shard?: Shard;
  readonly limit?: number;
}

/**
 * What a sweep did. `more` says that records are still due: sweep again. `failed` counts those whose outputs are still undelivered, or
 * which could not be attended to.
 */
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
export function sweep(app: App, given: Runtime, options: SweepOptions = {}): Promise<Swept> {
  const runtime = given.shadow?.hide(given) ?? given;
  return drive(sweeping(app, runtime, options), runtime);
}

const pageSize = 100;

/** The task behind `sweep`. */
export function* sweeping(app: App, runtime: Runtime, options: SweepOptions = {}): Task<Swept> {
  const { limit = 1000, shard } = options;
  const context = contextOf(app, runtime);
  const before = runtime.clock.now();
  const swept = { records: 0, failed: 0, more: false };
  let cursor: string | undefined;
  do {
    const page = yield* due({
      before,
      limit: Math.min(pageSize, limit - (swept.records - swept.failed)),
      ...(shard === undefined ? {} : { shard }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (isHearthError(page)) {
      const fields = { reason: page.code, detail: page.message };
      log(context, 'warn', fields, 'A sweep could not read the due index.');
      return { ...swept, more: true };
    }
    // Neither what belongs to another app nor what cannot be attended to now may keep the sweep from what is behind it.
    const keys = page.keys.filter((key) => keeperOf(app, key) !== undefined);
    swept.records += keys.length;
    swept.failed += yield* attendEach(app, runtime, keys);
    ({ cursor } = page);
    swept.more = cursor !== undefined;
    if (nearDeadline(context) !== undefined) break;
  } while (cursor !== undefined && swept.records - swept.failed < limit);
  return swept;
}

function contextOf(app: App, runtime: Runtime): Context {
  return {
    app,
    runtime: { ...runtime, sweep: true },
    ordered: true,
    inFlight: new Set(),
    leftBehind: new Set(),
    granted: new Map(),
    carryOut,
  };
}

/** Attends to records. If one of them makes something throw that nobody foresaw, it must not keep the others from being attended to. */
function* attendEach(app: App, runtime: Runtime, keys: readonly string[]): Task<number> {
  const context = contextOf(app, runtime);
  try {
    return yield* attend(context, keys);
  } catch (cause) {
    if (keys.length < 2) {
      log(context, 'error', loggedError(cause), 'A record could not be swept.');
      return 1;
    }
  }
  let failed = 0;
  for (const key of keys) failed += yield* attendEach(app, runtime, [key]);
  return failed;
}
