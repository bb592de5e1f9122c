import type { App } from '../app/define-app.ts';
import { handle } from '../app/handle.ts';
import type { Handled } from '../app/input.ts';
import { read } from '../app/read.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError, isHearthError } from '../event/error.ts';
import { toBase32 } from '../event/hash-text.ts';
import { hashFrom, hashState, type Midstate } from '../event/sha256.ts';
import type { Draft } from '../model/event.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Registry } from './define-registry.ts';
import { csvReader, readJsonLine, type LineFormat, type ReadLine } from './device-line.ts';
import type { ImportState } from './imports.ts';

/** A line of which no device was made, and why. `line` counts from 1, the header of a CSV file included. */
export interface RejectedDevice {
  readonly line: number;
  readonly code: string;
  /** The column or property that is wrong, if it is one. */
  readonly field?: string;
  readonly message: string;
}

/** How far an import has come, and the lines that were rejected since the last time. Counts are those of all runs together. */
export interface RegisterProgress {
  /** How many lines are done, empty ones and the header included. */
  readonly lines: number;
  readonly registered: number;
  /** Devices that were registered already, just as their lines say. */
  readonly existing: number;
  readonly rejected: number;
  readonly rejections: readonly RejectedDevice[];
}

/** How devices are registered from lines. */
export interface RegisterOptions {
  /** The name under which its progress is kept. The same name goes on where it was; another file needs another name. */
  readonly name: string;
  readonly format: LineFormat;
  /** How many devices are registered together: 500 unless given, at most 10,000. */
  readonly batch?: number;
  /** Into how many groups they are divided that are saved at once, where a store takes its time: 4 unless given, at most 64. */
  readonly lanes?: number;
}

/**
 * Registers devices from the lines of a file, in constant memory: `for await (const { lines, rejections } of registerDevices(…)) …`.
 *
 * After each batch it gives how far it has come and which lines were rejected; who asks for the next has taken note of them. Only then is
 * the progress saved. A process that was killed goes on with the same call: the last batch is done again, which changes nothing, and
 * its rejections are told again.
 *
 * @throws {HearthError} `invalid-option` for a header that is not known, or a name under which another file was begun; one that is
 * retryable, such as `store-unavailable`, when a batch could not be finished: the same call goes on.
 */
export async function* registerDevices(
  app: App,
  runtime: Runtime,
  registry: Registry,
  lines: Iterable<string> | AsyncIterable<string>,
  options: RegisterOptions,
): AsyncGenerator<RegisterProgress, void, undefined> {
  const { batch: size = 500, lanes = 4, format, name } = options;
  assertCount('batch', size, 10_000);
  assertCount('lanes', lanes, 64);
  const work: Work = { app, runtime, registry, lanes, name };
  let state: ImportState = registry.imports.record.initial;
  let readLine = format === 'jsonl' ? readJsonLine : undefined;
  let head = '';
  let batch: Row[] = [];
  const named = new Set<string>();
  let line = 0;
  for await (const given of lines) {
    line += 1;
    // Not before: the lines of Node's readline are lost while nobody listens.
    if (line === 1) ({ state } = await read(runtime, registry.imports.record.ref(name)));
    const text = line === 1 ? given.replace(/^\u{FEFF}/u, '') : given;
    if (line <= 2) head += `${text}\n`;
    if (line === (format === 'csv' ? 2 : 1)) state = begun(name, state, head);
    if (readLine === undefined) readLine = csvReader(text);
    else if (line > state.lines && text.trim() !== '') {
      const row = rowOf(readLine, line, text);
      // Two lines about one device are told one after the other.
      if (batch.length === size || (row.device !== undefined && named.has(row.device))) {
        const progress = await registerBatch(work, state, batch, line - 1);
        yield progress;
        state = await keep(work, state, progress);
        batch = [];
        named.clear();
      }
      batch.push(row);
      if (row.device !== undefined) named.add(row.device);
    }
  }
  if (line <= state.lines || state.first === null) return;
  const progress = await registerBatch(work, state, batch, line);
  yield progress;
  await keep(work, state, progress);
}

function assertCount(field: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  const message = `"${field}" must be a whole number from 1 to ${most}.`;
  throw new HearthError('invalid-option', message, { field });
}

interface Work {
  readonly app: App;
  readonly runtime: Runtime;
  readonly registry: Registry;
  readonly lanes: number;
  readonly name: string;
}

/** A line that tells of a device, or the reason why it does not. */
interface Row {
  readonly line: number;
  readonly device?: string;
  readonly draft?: Draft;
  readonly error?: HearthError;
}

const principal = { kind: 'service', id: 'import' } as const;
let mark: Midstate | undefined;

function hashOf(...parts: readonly string[]): string {
  mark ??= hashState('hearth.registry.import');
  return toBase32(hashFrom(mark, parts));
}

/** The same line says the same, however often it is told. */
function eventOf({ type, subject, data }: Draft): CloudEvent {
  const id = hashOf(type, subject, JSON.stringify(data));
  return { specversion: '1.0', id, source: 'urn:hearth:import', type, subject, data };
}

/** Knows a file by its first lines: the progress of another one must not be taken for that of this one. */
function begun(name: string, state: ImportState, head: string): ImportState {
  const first = hashOf(head);
  if (state.first !== null && state.first !== first) {
    const message = `"${name}" was begun with another file, whose first lines are others; this one needs a name of its own.`;
    throw new HearthError('invalid-option', message, { field: 'name' });
  }
  return { ...state, first };
}

function rowOf(readLine: ReadLine, line: number, text: string): Row {
  try {
    const { device, data } = readLine(text);
    return { line, device, draft: { type: 'register', subject: device, data } };
  } catch (error) {
    if (isHearthError(error)) return { line, error };
    throw error;
  }
}

async function registerBatch(
  work: Work,
  state: ImportState,
  batch: readonly Row[],
  lines: number,
): Promise<RegisterProgress> {
  const size = Math.max(1, Math.ceil(batch.length / work.lanes));
  const shares = Array.from({ length: Math.ceil(batch.length / size) }, (_, at) =>
    batch.slice(at * size, (at + 1) * size),
  );
  let registered = 0;
  const observing = observed(work, () => (registered += 1));
  const answers = (await Promise.all(shares.map((rows) => tell(observing, rows)))).flat();
  const rejections = batch.flatMap((row, at) => rejectionOf(row, answers[at]) ?? []);
  return {
    lines,
    registered: state.registered + registered,
    existing: state.existing + batch.length - rejections.length - registered,
    rejected: state.rejected + rejections.length,
    rejections,
  };
}

/** Counts the devices that are new. */
function observed(work: Work, isNew: () => void): Work {
  const { registry, runtime } = work;
  const observe: Runtime['observe'] = (applied) => {
    const { handler, emitted } = applied;
    if (handler === registry.type && emitted.length > 0) isNew();
    runtime.observe?.(applied);
  };
  return { ...work, runtime: { ...runtime, observe } };
}

async function tell(
  { app, runtime, registry }: Work,
  rows: readonly Row[],
): Promise<readonly (Handled | undefined)[]> {
  const inputs = rows.flatMap(({ draft }) => {
    if (draft === undefined) return [];
    const event = eventOf({ ...draft, type: registry.events.register.type });
    return [{ event, principal, attempt: 1 }];
  });
  const handled = await handle(app, inputs, runtime, { deadLetters: 'host' });
  const again = handled.find(({ verdict }) => verdict === 'retry');
  if (again !== undefined) throw errorOf(again, true);
  let at = 0;
  return rows.map(({ draft }) => (draft === undefined ? undefined : handled[at++]));
}

function errorOf({ code = 'store-unavailable', message }: Handled, retryable: boolean) {
  // A step's own code is no code of ours, but it is what the line was rejected with.
  const known = code as HearthError['code'];
  return new HearthError(known, message ?? `The registry answered "${code}".`, { retryable });
}

function rejectionOf({ line, error }: Row, handled: Handled | undefined) {
  if (error !== undefined) {
    const { code, field, message } = error;
    return { line, code, ...(field === undefined ? {} : { field }), message };
  }
  if (handled === undefined || handled.verdict === 'done') return undefined;
  const { code, message } = errorOf(handled, false);
  const said = Object(handled.data) as { readonly field?: string; readonly message?: string };
  const field = said.field?.replace(/^data\./, '');
  return {
    line,
    code,
    ...(field === undefined ? {} : { field }),
    message: handled.message ?? said.message ?? message,
  };
}

async function keep(
  { app, runtime, registry, name }: Work,
  { first }: ImportState,
  { lines, registered, existing, rejected }: RegisterProgress,
): Promise<ImportState> {
  const next: ImportState = { first, lines, registered, existing, rejected };
  const event = eventOf(registry.imports.event(name, next));
  const [handled] = await handle(app, [{ event, principal, attempt: 1 }], runtime);
  if (handled?.verdict !== 'done') throw errorOf(handled ?? { verdict: 'retry' }, true);
  return next;
}
