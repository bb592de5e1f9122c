import type { App } from '../app/define-app.ts';
import { readRecord, writeRecord, type WorkingRecord } from '../app/record.ts';
import { HearthError } from '../event/error.ts';
import { bound } from '../model/binding.ts';
import type { Draft, EventType } from '../model/event.ts';
import type { Handler } from '../model/handler.ts';
import { check } from '../model/schema.ts';
import type { RecordWrite, StoredRecord } from '../ports/state-store.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a line says: a record as it is kept, or what another system knows of a device or a home. */
export type ImportLine = { readonly key: string } & (
  | { readonly as: 'record'; write(stored: StoredRecord | undefined): RecordWrite }
  | { readonly as: 'events'; readonly drafts: readonly Draft[] }
);

/**
 * Reads a line.
 *
 * @throws {HearthError} `invalid-data` for what is no such line, naming the property; `not-found` for a handler or model that the app
 * does not have; `invalid-state` for a state that does not fit; `record-newer` for one of newer code.
 */
export function readImportLine(app: App, text: string): ImportLine {
  const line = parsed(text);
  const { subject } = line;
  if (typeof subject !== 'string' || !/^[^\p{Cc}\p{Cs}\p{Cn}]{1,1024}$/u.test(subject))
    return refuse('subject', 'must be a text of 1 to 1,024 characters');
  if (!('state' in line)) refuse('state', 'is missing');
  const { handler, type } = line;
  if ((handler === undefined) === (type === undefined))
    refuse('handler', 'or "type" must be there, and not both');
  return handler === undefined ? eventsLine(app, line, subject) : recordLine(app, line, subject);
}

function parsed(text: string): Values {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    // Its message quotes the line.
    throw new HearthError('invalid-data', 'The line is no JSON.');
  }
  if (typeof line === 'object' && line !== null && !Array.isArray(line)) return line as Values;
  throw new HearthError('invalid-data', 'The line is no JSON object.');
}

function refuse(field: string, fix: string): never {
  throw new HearthError('invalid-data', `"${field.slice(0, 64)}" ${fix}.`, { field });
}

function assertOnly(line: Values, known: readonly string[]): void {
  const unknown = Object.keys(line).find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(unknown, `is not known; a line has ${known.join(', ')}`);
}

/** A device or home of the app, as far as an import needs it. */
interface Model {
  readonly record: Handler;
  readonly events: Readonly<Record<string, EventType>>;
  readonly commands?: object;
}

function eventsLine(app: App, line: Values, subject: string): ImportLine {
  assertOnly(line, ['type', 'subject', 'state', 'home', 'desired']);
  const { type, state, home, desired } = line;
  const model = app.parts.find((part) => 'type' in part && part.type === type && 'events' in part);
  if (model === undefined)
    throw new HearthError('not-found', 'The app has no device or home of this "type".', {
      field: 'type',
    });
  const { record, events, commands } = model as unknown as Model;
  const isDevice = commands !== undefined;
  if (home !== undefined && (!isDevice || typeof home !== 'string' || home === ''))
    refuse('home', 'must be the id of the home in which a device lives');
  if (desired !== undefined && !isDevice) refuse('desired', 'is only for devices');
  const draft = (of: string, data: unknown): Draft => ({ type: of, subject, data });
  // Where it lives comes first, so that its home hears of it at once.
  const drafts = [
    ...(home === undefined ? [] : [draft(bound.type, { home, model: type })]),
    draft(events['imported']?.type ?? '', state),
    ...(desired === undefined ? [] : [draft(`${String(type)}.set`, desired)]),
  ];
  return { as: 'events', key: `${record.key}/${subject}`, drafts };
}

function recordLine(app: App, line: Values, subject: string): ImportLine {
  assertOnly(line, ['handler', 'subject', 'state', 'version', 'seen', 'kept']);
  const handler = [...app.handlers.values()].find(
    ({ name, key }) => key === line['handler'] || name === line['handler'],
  );
  if (handler === undefined)
    throw new HearthError('not-found', 'The app has no such "handler".', { field: 'handler' });
  const key = `${handler.key}/${subject}`;
  const imported = recordOf(handler, subject, line);
  return {
    as: 'record',
    key,
    write(stored) {
      if (stored === undefined) return writeRecord(imported);
      const before = readRecord(handler, subject, stored);
      if (before.erased) throw new HearthError('erased', 'The record was erased; reopen it first.');
      return writeRecord({ ...before, state: imported.state });
    },
  };
}

function recordOf(handler: Handler, subject: string, line: Values): WorkingRecord {
  const { version = handler.version, seen = '', kept = {} } = line;
  if (!Number.isSafeInteger(version) || (version as number) < 1)
    refuse('version', 'must be a number that counts from 1');
  if (typeof seen !== 'string' || !/^(?:[\w-]{12}){0,64}$/.test(seen))
    refuse('seen', 'must be an inbox as it was exported');
  assertKept(kept);
  const isErased = kept['erased'] === true;
  const body = { seen, f: 1, v: version, s: whole(handler, line['state']), ...kept };
  const stored = { key: '', version: '', body: JSON.stringify(body) };
  const read = readRecord(handler, subject, stored);
  const record = { ...read, version: null, ...(isErased ? { state: null } : {}) };
  const { issue } = isErased ? { issue: undefined } : check(handler.schema, record.state);
  if (issue === undefined) return record;
  const message = `The state of a "${handler.name}" does not fit at "${issue.at}": ${issue.message}`;
  throw new HearthError('invalid-state', message, { field: issue.at });
}

/** What belongs to the library may have been exported by an older release, or written by hand: what it lacks is as at the beginning. */
function whole({ trusted, initial }: Handler, state: unknown): unknown {
  const isPart = typeof state === 'object' && state !== null && !Array.isArray(state);
  return trusted === true && isPart ? { ...(initial as object), ...state } : state;
}

const lists = ['out', 'timers', 'said', 'why'];
const others = ['n', 'at', 'latest', 'erased'];

/** What a record keeps besides its state is read without looking, later; so it is looked at here. */
function assertKept(kept: unknown): asserts kept is Values {
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept))
    refuse('kept', 'must be an object as it was exported');
  for (const [name, value] of Object.entries(kept)) {
    const isList = lists.includes(name);
    if (!isList && !others.includes(name)) refuse(`kept.${name}`, 'is not known');
    if (isList && !(Array.isArray(value) && value.every((one) => isEntry(name, one))))
      refuse(`kept.${name}`, 'must be a list as it was exported');
    if ((name === 'n' || name === 'at') && !Number.isFinite(value))
      refuse(`kept.${name}`, 'must be a number');
  }
}

function isEntry(list: string, entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return false;
  const { event, nextAt, at } = entry as Values;
  if (list === 'out') return isEvent(event) && Number.isFinite(nextAt);
  return list === 'timers' ? isEvent(event) && Number.isFinite(at) : true;
}

function isEvent(event: unknown): boolean {
  const { specversion, id, source, type } = Object(event) as Values;
  return specversion === '1.0' && [id, source, type].every((one) => typeof one === 'string');
}
