import type { StateStore } from '../ports/state-store.ts';
import { recent, type Recent } from './recent.ts';
import type { WorkingRecord } from './record.ts';
import { lookUp, remember, type Mark } from './seen.ts';
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
  record.unsilenced = [...record.unsilenced, ...record.silent];
  record.silent = [];
}

function put(context: Context, record: WorkingRecord, mark: Mark, now: number): void {
  const { redeliveryAgeMs } = context.runtime;
  const kept = (id: string) => record.outbox.some(({ cause }) => cause === id);
  const { seen, overflow } = remember(record.seen, mark, now, {
    // Those whose outputs are still undelivered stay in any case, and must not push out the others.
    entries: Math.max(bounds.entries, record.room) + undelivered(record, mark.id),
    ageMs: redeliveryAgeMs ?? bounds.ageMs,
    kept,
  });
  if (overflow > 0 && redeliveryAgeMs !== undefined) count(context, 'seen_overflow', overflow);
  record.seen = seen;
}

/** How many earlier inputs have outputs that are still undelivered. */
function undelivered({ outbox }: WorkingRecord, now: string): number {
  return new Set(outbox.flatMap(({ cause }) => (cause === now ? [] : [cause]))).size;
}

const limits = { records: 5_000 };
const silentInputs = new WeakMap<StateStore, Recent<readonly Mark[]>>();

/**
 * The inputs of a record that had no effect since it was last saved, as far as this process has handled them.
 *
 * They are not worth a write, and as long as nothing else happens their doubles have no effect either. Once something else has changed
 * the record they would: an older reading would take the place of a newer one. So they are saved along with the change.
 */
export function silentOf({ runtime }: Context, key: string): readonly Mark[] {
  return silentInputs.get(runtime.store)?.get(key) ?? [];
}

/** Notes what a pass has done with them, once it is saved or had nothing to save. Other passes may have noted something meanwhile. */
export function keepSilent({ runtime }: Context, record: WorkingRecord): void {
  const { key, silent, unsilenced } = record;
  const known = silentInputs.get(runtime.store);
  const before = known?.get(key) ?? none;
  const rest = unsilenced.length === 0 ? before : before.filter((mark) => !has(unsilenced, mark));
  const marks = [...rest, ...silent.filter((mark) => !has(rest, mark))];
  if (marks.length === 0) {
    known?.delete(key);
    return;
  }
  const records = known ?? recent<readonly Mark[]>(limits.records);
  if (known === undefined) silentInputs.set(runtime.store, records);
  records.set(key, marks.slice(-bounds.entries));
}

const none: readonly Mark[] = [];

const has = (marks: readonly Mark[], { id }: Mark): boolean => marks.some((one) => one.id === id);

/** Notes an input that had no effect. */
export function noteSilent(record: WorkingRecord, mark: Mark): void {
  record.silent = [...record.silent, mark];
}

/** Whether an input came before: `new`, `same`, or `reused` if its id came with other content. */
export function lookUpInput(
  { seen, silent }: WorkingRecord,
  mark: Mark,
): ReturnType<typeof lookUp> {
  const found = lookUp(seen, mark);
  if (found !== 'new') return found;
  const known = silent.find(({ id }) => id === mark.id);
  if (known === undefined) return 'new';
  return known.content === mark.content ? 'same' : 'reused';
}
