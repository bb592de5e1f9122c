import type { App } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import type { Handled } from '../app/input.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState } from '../event/sha256.ts';
import type { Draft } from '../model/event.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { RecordWrite, StoredRecord } from '../ports/state-store.ts';
import { readImportLine, type ImportLine } from './import-line.ts';

/** A line that was not imported, and why. `line` counts from 1. */
export interface RejectedLine {
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** What became of an import. */
export interface Imported {
  /** Records that were written. */
  readonly saved: number;
  /** Records that were there already and were left as they are. */
  readonly existing: number;
  readonly rejected: number;
  /** The first 1,000 rejected lines. */
  readonly rejections: readonly RejectedLine[];
  /** The line to go on from: one after the last, unless it stopped. */
  readonly next: number;
  /** Why it stopped before the end; the same call with `from: next` goes on. */
  readonly stopped?: HearthError;
}

/** How records are imported. */
export interface ImportOptions {
  /** Replaces the state of records that are there; what they remember and have yet to send stays. */
  readonly overwrite?: boolean;
  /** The first line to import, counted from 1; the lines before it are passed over. */
  readonly from?: number;
}

/**
 * Imports records from JSON lines, each validated, none overwritten unless told. Two kinds of line may be mixed:
 *
 * - `{ type, subject, state, home?, desired? }`, what another system knows of a device or home. It is handled as events (`bound`, `imported`,
 *   `set`), so rules hear of it; what they do then is published unless the runtime has a `shadow`.
 * - `{ handler, subject, state, version?, seen?, kept? }`, a record as `exportRecords` wrote it, or only its state. Nobody hears of it.
 *
 * Doing it again, or going on after it stopped, is safe. Lines are worked on a hundred at a time; it never rejects but for what `lines`
 * themselves throw.
 */
export async function importRecords(
  app: App,
  lines: Iterable<string> | AsyncIterable<string>,
  runtime: Runtime,
  options: ImportOptions = {},
): Promise<Imported> {
  const { from = 1 } = options;
  const work: Work = { app, runtime, options, saved: 0, existing: 0, rejected: 0, rejections: [] };
  let batch: Row[] = [];
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (line < from || text.trim() === '') continue;
    const row = rowOf(work, line, text);
    if (row === undefined) continue;
    const isFull = batch.length === pageSize || batch.some(({ key }) => key === row.key);
    if (isFull) {
      const stopped = await importBatch(work, batch);
      if (stopped !== undefined) return resultOf(work, batch[0]?.line ?? line, stopped);
      batch = [];
    }
    batch.push(row);
  }
  const stopped = await importBatch(work, batch);
  return resultOf(work, stopped === undefined ? line + 1 : (batch[0]?.line ?? 1), stopped);
}

const pageSize = 100;
const listed = 1000;

type Row = ImportLine & { readonly line: number; readonly text: string };

interface Work {
  readonly app: App;
  readonly runtime: Runtime;
  readonly options: ImportOptions;
  saved: number;
  existing: number;
  rejected: number;
  readonly rejections: RejectedLine[];
}

function resultOf(work: Work, next: number, stopped: HearthError | undefined): Imported {
  const { saved, existing, rejected, rejections } = work;
  return { saved, existing, rejected, rejections, next, ...(stopped && { stopped }) };
}

function rowOf(work: Work, line: number, text: string): Row | undefined {
  try {
    return { ...readImportLine(work.app, text), line, text };
  } catch (error) {
    reject(work, line, error);
    return undefined;
  }
}

function reject(work: Work, line: number, error: unknown): void {
  const { code, message } = isHearthError(error)
    ? error
    : { code: 'invalid-state', message: 'A schema or migration threw.' };
  work.rejected += 1;
  if (work.rejections.length < listed) work.rejections.push({ line, code, message });
}

/** Imports some lines with different keys; gives the reason if it could not be done, and nothing was lost by that. */
async function importBatch(work: Work, rows: readonly Row[]): Promise<HearthError | undefined> {
  if (rows.length === 0) return undefined;
  try {
    const stored = await work.runtime.store.load(rows.map(({ key }) => key));
    const open = rows.flatMap((row, index) => {
      if (stored[index] === undefined || work.options.overwrite === true)
        return [{ row, stored: stored[index] }];
      work.existing += 1;
      return [];
    });
    return (await saveRecords(work, open)) ?? (await tellEvents(work, open));
  } catch (cause) {
    if (isHearthError(cause)) return cause;
    return new HearthError('store-unavailable', 'The store threw.', { retryable: true, cause });
  }
}

interface Open {
  readonly row: Row;
  readonly stored: StoredRecord | undefined;
}

async function saveRecords(work: Work, open: readonly Open[]): Promise<HearthError | undefined> {
  const writes: { readonly line: number; readonly write: RecordWrite }[] = [];
  for (const { row, stored } of open) {
    if (row.as !== 'record') continue;
    try {
      writes.push({ line: row.line, write: row.write(stored) });
    } catch (error) {
      reject(work, row.line, error);
    }
  }
  if (writes.length === 0) return undefined;
  const results = await work.runtime.store.save(writes.map(({ write }) => write));
  let stopped: HearthError | undefined;
  writes.forEach(({ line }, index) => {
    const result = results[index];
    if (result?.outcome === 'saved') work.saved += 1;
    else if (result?.outcome === 'conflict') work.existing += 1;
    else if (result?.outcome === 'failed' && !result.error.retryable)
      reject(work, line, result.error);
    else stopped ??= result?.error ?? noResult;
  });
  return stopped;
}

const noResult = new HearthError('store-unavailable', 'The store gave no result for a write.', {
  retryable: true,
});

const principal = { kind: 'service', id: 'import' } as const;

/** All that one line says is folded into one save of its record. */
async function tellEvents(work: Work, open: readonly Open[]): Promise<HearthError | undefined> {
  const told = open.flatMap(({ row }) => (row.as === 'events' ? [row] : []));
  const events = told.flatMap(({ drafts, text }) => drafts.map((draft) => eventOf(draft, text)));
  if (events.length === 0) return undefined;
  const inputs = events.map((event) => ({ event, principal, attempt: 1 }));
  const handled = await handle(work.app, inputs, work.runtime, {
    order: 'key',
    deadLetters: 'host',
  });
  let at = 0;
  let stopped: HearthError | undefined;
  for (const { line, drafts } of told) {
    const answers = handled.slice(at, at + drafts.length);
    at += drafts.length;
    const rejected = answers.find(({ verdict }) => verdict === 'rejected');
    const again = answers.find(({ verdict }) => verdict === 'retry');
    if (rejected !== undefined) reject(work, line, errorOf(rejected));
    else if (again === undefined) work.saved += 1;
    else stopped ??= errorOf(again);
  }
  return stopped;
}

function errorOf({ code = 'store-unavailable', message, data }: Handled): HearthError {
  const { field } = Object(data) as { readonly field?: string };
  const text = message ?? `The app answered "${code}".`;
  // A step's own code is no code of ours, but it is what the line was rejected with.
  return new HearthError(code as HearthError['code'], text, {
    retryable: true,
    ...(field === undefined ? {} : { field }),
  });
}

/** The same line says the same, however often it is imported. */
function eventOf({ type, subject, data }: Draft, text: string): CloudEvent {
  const id = toBase32(hashFrom(hashState('hearth.import'), [type, text]));
  return { specversion: '1.0', id, source: 'urn:hearth:import', type, subject, data };
}
