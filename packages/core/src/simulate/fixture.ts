import { keyOf, readRecord, writeRecord } from '../app/record.ts';
import { HearthError } from '../event/error.ts';
import type { Ref } from '../model/handler.ts';
import { check } from '../model/schema.ts';
import type { RecordWrite, StoredRecord } from '../ports/state-store.ts';

/**
 * A record that holds `state`, as a write for a store: what a test or an import begins with.
 *
 * `stored` is the record that is there already; it keeps its inbox, timers and outputs and gets another state.
 *
 * @throws {HearthError} `invalid-state` when the state does not fit the handler's schema.
 */
export function recordOf(ref: Ref, state: unknown, stored?: StoredRecord): RecordWrite {
  const { record: handler, subject } = ref;
  const { issue } = check(handler.schema, state);
  if (issue !== undefined) {
    const message = `The state for "${keyOf(handler, subject)}" does not fit at "${issue.at}": ${issue.message}`;
    throw new HearthError('invalid-state', message, { field: issue.at });
  }
  return writeRecord({ ...readRecord(handler, subject, stored), state });
}
