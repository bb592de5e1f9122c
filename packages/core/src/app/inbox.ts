import type { StateStore } from '../ports/state-store.ts';
import type { WorkingRecord } from './record.ts';
import { remember, type Mark } from './seen.ts';
import { count, type Context } from './work.ts';

/** How many events an inbox remembers, and for how long at most. */
const bounds = { entries: 64, ageMs: 14 * 24 * 3_600_000 };

/**
 * Puts an input into the inbox of its record, behind those before it that had no effect.
 *
 * All inputs of a record's batch have room, up to 4,096: it comes again as a whole if the process dies before it has answered, however
 * many saves it took.
 */
export function putInInbox(context: Context, record: WorkingRecord, mark: Mark, now: number): void {
  putSilentInInbox(context, record, now);
  put(context, record, mark, now);
}

/** Puts those inputs into the inbox that had no effect, because something else is about to have one. */
export function putSilentInInbox(context: Context, record: WorkingRecord, now: number): void {
  for (const mark of record.silent) put(context, record, mark, now);
  record.silent = [];
}

function put(context: Context, record: WorkingRecord, mark: Mark, now: number): void {
  const { redeliveryAgeMs } = context.runtime;
  const kept = (id: string) => record.outbox.some(({ cause }) => cause === id);
  const { seen, overflow } = remember(record.seen, mark, now, {
    entries: Math.max(bounds.entries, record.room),
    ageMs: redeliveryAgeMs ?? bounds.ageMs,
    kept,
  });
  if (overflow > 0 && redeliveryAgeMs !== undefined) count(context, 'seen_overflow', overflow);
  record.seen = seen;
}

const limits = { records: 10_000 };
const silentInputs = new WeakMap<StateStore, Map<string, readonly Mark[]>>();

/**
 * The inputs of a record that had no effect since it was last saved, as far as this process has handled them.
 *
 * They are not worth a write, and as long as nothing else happens their doubles have no effect either. Once something else has changed
 * the record they would: an older reading would take the place of a newer one. So they are saved along with the change.
 */
export function silentOf({ runtime }: Context, key: string): readonly Mark[] {
  return silentInputs.get(runtime.store)?.get(key) ?? [];
}

/** Keeps what a pass has left of them, once it is saved or had nothing to save. */
export function keepSilent({ runtime }: Context, { key, silent }: WorkingRecord): void {
  const { store } = runtime;
  const known = silentInputs.get(store);
  if (silent.length === 0) {
    known?.delete(key);
    return;
  }
  const records = known ?? new Map<string, readonly Mark[]>();
  if (known === undefined) silentInputs.set(store, records);
  // The one that has been quiet for the longest is the first.
  records.delete(key);
  for (const [oldest] of records) {
    if (records.size < limits.records) break;
    records.delete(oldest);
  }
  records.set(key, silent.slice(-bounds.entries));
}

/** Notes an input that had no effect. */
export function noteSilent(record: WorkingRecord, mark: Mark): void {
  if (record.silent.every(({ id }) => id !== mark.id)) record.silent = [...record.silent, mark];
}
