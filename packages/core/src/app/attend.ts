import { isHearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import { deliver } from './deliver.ts';
import { load, save, sleep, type Task } from './effect.ts';
import type { Pending } from './apply.ts';
import { backoff } from './outbox.ts';
import { conflictTries, observe } from './carry-out.ts';
import { keyOf, readRecord, writeRecord } from './record.ts';
import { runDueTimers } from './timers.ts';
import type { Context } from './work.ts';

/** Runs the due timers of a record and delivers its outbox: what a sweep does. `true` if nothing is left to do now. */
export function* attend(context: Context, handler: Handler, subject: string): Task<boolean> {
  const now = context.runtime.clock.now();
  for (let tries = 1; tries <= conflictTries; tries += 1) {
    const stored = yield* load([keyOf(handler, subject)]);
    if (isHearthError(stored) || stored[0] === undefined) return false;
    const record = readRecord(handler, subject, stored[0]);
    const applied: Pending = [];
    runDueTimers(context, record, now, applied);
    const [result] = record.dirty ? yield* save([writeRecord(record)]) : [];
    if (result === undefined || result.outcome === 'saved') {
      if (result !== undefined) record.version = result.version;
      record.dirty = false;
      observe(context, applied);
      return (yield* deliver(context, [record])).length === 0;
    }
    yield* sleep(backoff(context, Math.min(tries, 8)) / 50);
  }
  return false;
}
