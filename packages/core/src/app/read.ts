import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import type { Ref } from '../model/handler.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { StoredRecord } from '../ports/state-store.ts';
import { drive, load, save, type Task } from './effect.ts';
import { keyOf, readRecord, writeRecord, type Decision, type WorkingRecord } from './record.ts';
import { entriesOf } from './seen.ts';

/** A look at a record. */
export interface Look<V> {
  readonly subject: string;
  readonly state: V;
  /** Whether the store has the record; without one `state` is the initial state. */
  readonly exists: boolean;
  readonly erased: boolean;
  /** The instant of the last input that had an effect (ms). */
  readonly at: number;
  /** What has been emitted and not yet delivered. */
  readonly outputs: readonly {
    readonly event: CloudEvent;
    readonly tries: number;
    readonly nextAt: number;
  }[];
  readonly timers: readonly {
    readonly key: string;
    readonly at: number;
    readonly event: CloudEvent;
  }[];
  /** The last decisions, the newest last, and why they were taken. */
  readonly decisions: readonly Decision[];
  /** How many inputs it remembers. */
  readonly remembered: number;
}

/**
 * Reads a record: `read(runtime, thermostat.ref('t1'))`.
 *
 * @throws {HearthError} `store-unavailable`; `record-newer` when newer code wrote the record.
 */
export async function read<V>(runtime: Pick<Runtime, 'store'>, ref: Ref<V>): Promise<Look<V>> {
  const [stored] = await runtime.store.load([keyOf(ref.record, ref.subject)]);
  return lookAt(ref, stored);
}

/** What a stored record shows. */
export function lookAt<V>(ref: Ref<V>, stored: StoredRecord | undefined): Look<V> {
  const record = readRecord(ref.record, ref.subject, stored);
  return {
    subject: ref.subject,
    state: ref.view(record.state),
    exists: stored !== undefined,
    erased: record.erased,
    at: record.at,
    outputs: record.outbox.map(({ event, tries, nextAt }) => ({
      event,
      tries,
      nextAt,
    })),
    timers: record.timers.map(({ key, at, event }) => ({ key, at, event })),
    decisions: record.decisions,
    remembered: entriesOf(record.seen),
  };
}

/**
 * Erases a record: what stays is a tombstone with hashes only, which refuses every input (`erased`) until `reopen`.
 *
 * @throws {HearthError} when the store could not do it; calling again goes on.
 */
export function erase(runtime: Runtime, ref: Ref): Promise<void> {
  return drive(rewrite(ref, 'erase', tombstoneOf), runtime);
}

/** What is left of a record that is erased: hashes of what it was told, and how many events it has emitted. */
export function tombstoneOf(record: WorkingRecord): WorkingRecord {
  return {
    ...record,
    erased: true,
    state: null,
    outbox: [],
    timers: [],
    answers: [],
    decisions: [],
    latest: {},
    head: undefined,
  };
}

/**
 * Lets an erased subject begin anew, with its initial state. Inputs from before the erasure stay known as far as the inbox reaches. A
 * record that is not erased is left as it is.
 *
 * @throws {HearthError} when the store could not do it; calling again goes on.
 */
export function reopen(runtime: Runtime, ref: Ref): Promise<void> {
  return drive(
    rewrite(ref, 'save', (record) =>
      record.erased ? { ...record, erased: false, state: ref.record.initial } : undefined,
    ),
    runtime,
  );
}

const tries = 12;

/** Changes a record beside its steps, if `change` gives something, whoever else changes it meanwhile. */
export function* rewrite(
  ref: Ref,
  as: 'save' | 'erase',
  change: (record: WorkingRecord) => WorkingRecord | undefined,
): Task<void> {
  for (let round = 0; round < tries; round += 1) {
    const stored = yield* load([keyOf(ref.record, ref.subject)]);
    if (isHearthError(stored)) throw stored;
    const record = change(readRecord(ref.record, ref.subject, stored[0]));
    if (record === undefined) return;
    const [result] = yield* save([writeRecord(record)], as);
    if (result?.outcome === 'saved') return;
    if (result?.outcome === 'failed') throw result.error;
  }
  throw new HearthError(
    'conflict',
    `"${ref.record.name}" of a subject changed ${tries} times meanwhile.`,
    { retryable: true },
  );
}
