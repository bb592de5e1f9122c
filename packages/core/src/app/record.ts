import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { Handler, Rejection } from '../model/handler.ts';
import { check } from '../model/schema.ts';
import type { RecordWrite, StoredRecord } from '../ports/state-store.ts';
import type { Mark } from './seen.ts';

/** What a record has emitted and not yet delivered. */
export interface OutboxEntry {
  readonly event: CloudEvent;
  /** The event as it was first serialized. */
  readonly body: string;
  /** The mark of the event that caused it. */
  readonly cause: string;
  /** When a sweep may deliver it (ms). */
  readonly nextAt: number;
  readonly tries: number;
  /** When it first failed (ms). */
  readonly since?: number;
  /** What is done already: `p` published or performed, `c` saved by every subscriber. */
  readonly done: '' | 'p' | 'c';
  /** A dead letter goes to its own publisher and nowhere else. */
  readonly dead?: true;
}

/** How long an output is left to whoever saved it before a sweep delivers it (ms). */
export const graceMs = 30_000;

/** A timer of a record: the event that it will be, and how often it has failed. */
export interface PendingTimer {
  readonly key: string;
  readonly at: number;
  readonly event: CloudEvent;
  tries: number;
  notBefore: number;
}

/** Why a record did what it did. */
export interface Decision {
  readonly at: number;
  readonly id: string;
  readonly type: string;
  readonly because: readonly string[];
  readonly emitted: readonly string[];
}

/** What was answered to a remembered input, so that its double gets the same. */
export interface Answer {
  readonly to: string;
  readonly reply?: unknown;
  readonly reject?: Rejection;
}

/** A record while it is worked on. `version` is the store's; `state` is never mutated, the rest is. */
export interface WorkingRecord {
  readonly key: string;
  readonly handler: Handler;
  readonly subject: string;
  version: string | null;
  state: unknown;
  /** Counts the emitted events; goes into `recordseq`. */
  counter: number;
  /** The instant of the last input (ms); time never runs backwards for a record. */
  at: number;
  seen: string;
  /** Inputs since the last save that had no effect. */
  silent: readonly Mark[];
  /** Those of them that this pass puts into the inbox. */
  unsilenced: readonly Mark[];
  /** How many inputs this pass has at most. */
  room: number;
  outbox: OutboxEntry[];
  timers: PendingTimer[];
  answers: Answer[];
  decisions: Decision[];
  latest: Readonly<Record<string, string>>;
  erased: boolean;
  /** The record's part of `recordseq`, once computed. */
  hash?: string;
  /** The span in which it was last worked on. */
  trace?: string | undefined;
  /** Whether there is something to save. */
  dirty: boolean;
  /** The body as last written, up to the outbox: all that changes while it is delivered is the outbox. */
  head: string | undefined;
}

interface Body {
  readonly f: number;
  readonly v: number;
  readonly s: unknown;
  readonly n?: number;
  readonly at?: number;
  readonly seen?: string;
  readonly out?: readonly Omit<OutboxEntry, 'body'>[];
  readonly timers?: PendingTimer[];
  readonly said?: Answer[];
  readonly why?: Decision[];
  readonly latest?: Readonly<Record<string, string>>;
  readonly erased?: true;
}

const format = 1;

/** The key under which a handler keeps its record of a subject. */
export function keyOf(handler: Handler, subject: string): string {
  return `${handler.key}/${subject}`;
}

/**
 * Reads a record, upgrading older state; one that is not there yet begins with the initial state.
 *
 * @throws {HearthError} `record-newer` (retryable: the newer code will handle it) when newer code wrote it; `invalid-state` when it is no
 * record, or when its migrated state does not fit.
 */
export function readRecord(
  handler: Handler,
  subject: string,
  stored: StoredRecord | undefined,
): WorkingRecord {
  const key = keyOf(handler, subject);
  const body = stored === undefined ? undefined : parse(key, stored.body);
  if (body !== undefined && (body.f > format || body.v > handler.version)) {
    throw new HearthError(
      'record-newer',
      `"${key}" was written as version ${body.f}.${body.v}; this code knows ${format}.${handler.version}.`,
      { retryable: true },
    );
  }
  return {
    key,
    handler,
    subject,
    version: stored?.version ?? null,
    state: body === undefined || body.erased === true ? handler.initial : upgraded(handler, body),
    counter: body?.n ?? 0,
    at: body?.at ?? 0,
    seen: body?.seen ?? '',
    silent: [],
    unsilenced: [],
    room: 0,
    outbox: (body?.out ?? []).map((entry) => ({ ...entry, body: JSON.stringify(entry.event) })),
    timers: body?.timers ?? [],
    answers: body?.said ?? [],
    decisions: body?.why ?? [],
    latest: body?.latest ?? {},
    erased: body?.erased ?? false,
    dirty: false,
    head: undefined,
  };
}

function parse(key: string, text: string): Body {
  let cause: unknown;
  try {
    const body = bodyOf(text);
    if (typeof body?.f === 'number' && typeof body.v === 'number') return body as Body;
  } catch (error) {
    cause = error;
  }
  throw new HearthError('invalid-state', `What the store holds as "${key}" is no record.`, {
    retryable: true,
    cause,
  });
}

const inboxFirst = '{"seen":"';

/** An inbox is most of a record. It comes first and has nothing to unescape, so it is cut out and not parsed. */
function bodyOf(text: string): Partial<Body> | null {
  const end = text.startsWith(inboxFirst) ? text.indexOf('"', inboxFirst.length) : -1;
  if (end < 0) return JSON.parse(text) as Partial<Body> | null;
  const rest = JSON.parse(`{${text.slice(end + 2)}`) as Partial<Body>;
  return Object.assign(rest, { seen: text.slice(inboxFirst.length, end) });
}

function upgraded(handler: Handler, body: Body): unknown {
  if (body.v === handler.version) return body.s;
  let state = body.s;
  for (let version = body.v; version < handler.version; version += 1) {
    const up = handler.migrate[version];
    if (up === undefined) {
      throw new HearthError(
        'invalid-definition',
        `"${handler.name}" cannot migrate state of version ${version}; add migrate: { ${version}: … }.`,
        { retryable: true },
      );
    }
    state = up(state as never);
  }
  const { issue } = check(handler.schema, state);
  if (issue === undefined) return state;
  throw new HearthError(
    'invalid-state',
    `"${handler.name}" migrated state of version ${body.v} to what does not fit at "${issue.at}": ${issue.message}`,
    { retryable: true, field: issue.at },
  );
}

/** A record as a conditional write: only what is not empty is stored, the outbox last. */
export function writeRecord(record: WorkingRecord): RecordWrite {
  const { handler, outbox, erased } = record;
  record.head ??= headOf(record);
  return {
    key: record.key,
    expected: record.version,
    body:
      outbox.length === 0
        ? `${record.head}}`
        : `${record.head},"out":[${outbox.map(entryText).join()}]}`,
    due: dueOf(record),
    tags: erased ? {} : tagsOf(handler, record.state, record.subject),
  };
}

function tagsOf(handler: Handler, state: unknown, subject: string): RecordWrite['tags'] {
  const tags = handler.tagsOf(state as never, subject);
  for (const name in tags) {
    if (typeof tags[name] === 'string') continue;
    const message = `"${handler.name}" has a tag "${name}" that is no text; leave it out if there is none.`;
    throw new HearthError('invalid-state', message, { field: name });
  }
  return tags;
}

function headOf(record: WorkingRecord): string {
  const { handler, counter, seen, timers, answers, decisions } = record;
  const head: { -readonly [K in keyof Body]: Body[K] } = {
    f: format,
    v: handler.version,
    s: record.state,
  };
  if (counter > 0) head.n = counter;
  head.at = record.at;
  if (timers.length > 0) head.timers = timers;
  if (answers.length > 0) head.said = answers;
  if (decisions.length > 0) head.why = decisions;
  if (handler.latestOnly) head.latest = record.latest;
  if (record.erased) head.erased = true;
  const text = textOf(handler, head).slice(0, -1);
  return seen === '' ? text : `${inboxFirst}${seen}",${text.slice(1)}`;
}

function textOf({ name }: Handler, head: Body): string {
  try {
    return JSON.stringify(head);
  } catch (cause) {
    const message = `"${name}" has a state, reply or rejection that JSON cannot hold.`;
    throw new HearthError('invalid-state', message, { cause });
  }
}

/**
 * An event lies in its record as the text that it is: to quote it would cost more than to write all the rest. What JSON wrote, JSON
 * reads and writes again byte for byte.
 */
function entryText({ body, cause, nextAt, tries, since, done, dead }: OutboxEntry): string {
  const letter = dead === true ? ',"dead":true' : '';
  const failed = since === undefined ? '' : `,"since":${since}`;
  return `{"event":${body},"cause":"${cause}","nextAt":${nextAt},"tries":${tries}${failed},"done":"${done}"${letter}}`;
}

/** The instant at which a record wants attention: its next timer or undelivered output. */
export function dueOf({ outbox, timers }: WorkingRecord): number | null {
  let due = Infinity;
  for (const { nextAt } of outbox) due = Math.min(due, nextAt);
  for (const { at, notBefore } of timers) due = Math.min(due, Math.max(at, notBefore));
  return due === Infinity ? null : due;
}
