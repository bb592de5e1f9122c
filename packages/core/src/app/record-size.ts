import { HearthError } from '../event/error.ts';
import { byteLength } from '../ports/fit.ts';
import type { RecordWrite } from '../ports/state-store.ts';
import { writeRecord, type WorkingRecord } from './record.ts';
import type { Context, Fate } from './work.ts';

/** Whether the store can hold a record. */
export function fits({ runtime }: Context, { body }: RecordWrite): boolean {
  const { maxRecordBytes } = runtime.store.capabilities;
  return body.length * 3 <= maxRecordBytes || byteLength(body) <= maxRecordBytes;
}

/** The record as a write. What was answered to earlier inputs goes first when the record would not fit without its outputs either. */
export function writeFitting(context: Context, record: WorkingRecord): RecordWrite {
  const write = writeRecord(record);
  const { answers } = record;
  if (answers.length === 0 || fits(context, write)) return write;
  for (const share of [0.5, 1]) {
    if (fits(context, writeRecord({ ...record, outbox: [] }))) break;
    const older = answers.slice(0, Math.ceil(answers.length * share));
    // The double of a rejected input must never be acknowledged as done.
    const kept = older.flatMap(({ to, reject }) =>
      reject === undefined ? [] : [{ to, reject: { code: reject.code } }],
    );
    record.answers = [...kept, ...answers.slice(older.length)];
    record.head = undefined;
  }
  return writeRecord(record);
}

/**
 * What comes of something that does not fit: rejected if the state never will, tried again if what was emitted before only has to be
 * delivered first; else it emits too much, and no other attempt will change that.
 */
export function tooLarge(context: Context, record: WorkingRecord, before: WorkingRecord): Fate {
  const { maxRecordBytes } = context.runtime.store.capabilities;
  const message = `"${record.key}" would be larger than the ${maxRecordBytes} bytes its store allows.`;
  const code = 'record-too-large';
  const bare = writeRecord({ ...record, outbox: [] });
  if (!fits(context, bare)) return { status: 'rejected', code, message };
  const retryable = before.outbox.length > 0;
  const error = new HearthError(code, message, { retryable });
  return { status: retryable ? 'retry' : 'failed', error };
}
