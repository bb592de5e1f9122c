import type { App } from '../app/define-app.ts';
import { drive } from '../app/effect.ts';
import { readRecord, type WorkingRecord } from '../app/record.ts';
import { isoTime } from '../app/stamp.ts';
import type { CloudEvent } from '../event/cloud-event.ts';
import { HearthError } from '../event/error.ts';
import type { Handler } from '../model/handler.ts';
import type { DeadLetterStore, KeptLetter } from '../ports/dead-letter-store.ts';
import type { Runtime } from '../ports/runtime.ts';
import { privacyOf } from './define-privacy.ts';
import { openHash } from './keyed-hash.ts';
import { loaded, named } from './places.ts';
import { assertRequest, enter, keepersOf, lettersOf, type RequestOptions } from './request.ts';

/** How somebody's data is given out; see `exportOwner`. */
export interface ExportOptions extends RequestOptions {
  /** Where an earlier export broke off: the `cursor` of the last line that was written. */
  readonly cursor?: string;
}

/** One line of an export: a CloudEvent in JSON, and where to go on behind it. */
export interface ExportLine {
  readonly line: string;
  readonly cursor: string;
}

/** What there is: `record` the state a record holds, `output` and `timer` what it is yet to send, `letter` a dead letter. */
export type ExportKind = 'record' | 'output' | 'timer' | 'letter';

/**
 * Gives everything that is kept of a person, and of what belongs to them, as CloudEvents in JSON lines, subject by subject in their
 * order: `hearth.export.record` (audit details among them), `.output`, `.timer` and `.letter`, with the subject as `subject`.
 *
 * What was begun is entered in the audit trail first. With a `cursor` it goes on with the subject in which it broke off, whose lines come
 * again with the same ids. It is not a snapshot: each record is as it is when it is read.
 *
 * @throws {HearthError} `not-found` when the app has no `definePrivacy`; `invalid-option` for a cursor of another request or a request that
 * is none; `record-newer`; `store-unavailable`.
 */
export async function* exportOwner(
  app: App,
  runtime: Runtime,
  owner: string,
  options: ExportOptions,
): AsyncGenerator<ExportLine> {
  assertRequest(owner, options);
  const privacy = privacyOf(app);
  const { request, cursor } = options;
  const mark = privacy.pseudonymOf(owner).slice(0, 8);
  const after = cursor === undefined ? undefined : subjectIn(cursor, mark);
  const hidden = privacy.pseudonymOf(owner);
  await enter(app, runtime, options, privacy.events.exporting, { owner: hidden, counts: {} });
  const subjects = new Set([owner]);
  for await (const subject of privacy.subjectsOf(owner, runtime)) subjects.add(subject);
  const handlers = keepersOf(app, privacy);
  const letters = lettersOf(runtime, options.deadLetters);
  let before = after ?? '';
  for (const subject of [...subjects].toSorted()) {
    if (after !== undefined && subject <= after) continue;
    const about = { request, subject, time: isoTime(runtime.clock.now()) };
    for await (const event of eventsAbout(about, handlers, letters, runtime))
      yield { line: JSON.stringify(event), cursor: cursorBehind(mark, before) };
    before = subject;
  }
}

const cursorBehind = (mark: string, subject: string): string => JSON.stringify([mark, subject]);

function subjectIn(cursor: string, mark: string): string | undefined {
  try {
    const [known, subject] = JSON.parse(cursor) as readonly unknown[];
    if (known === mark && typeof subject === 'string') return subject === '' ? undefined : subject;
  } catch {
    // It is none, as below.
  }
  const message = 'This is no cursor of an export of this owner.';
  throw new HearthError('invalid-option', message, { field: 'cursor' });
}

interface About {
  readonly request: string;
  readonly subject: string;
  readonly time: string;
}

async function* eventsAbout(
  about: About,
  handlers: readonly Handler[],
  letters: DeadLetterStore | undefined,
  runtime: Runtime,
): AsyncGenerator<CloudEvent> {
  const found: CloudEvent[] = [];
  const look = loaded(named(handlers, [about.subject]), ({ handler, subject }, stored) => {
    if (stored !== undefined) found.push(...ofRecord(about, readRecord(handler, subject, stored)));
  });
  await drive(look, runtime);
  yield* found;
  if (letters === undefined) return;
  for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined;) {
    isFirst = false;
    const more = cursor === undefined ? {} : { cursor };
    const page = await letters.list({ limit: 100, subject: about.subject, ...more });
    ({ cursor } = page);
    for (const letter of page.letters) yield ofLetter(about, letter);
  }
}

function ofRecord(about: About, record: WorkingRecord): readonly CloudEvent[] {
  if (record.erased) return [];
  const { handler, key, state, at, answers, decisions, outbox, timers } = record;
  const kept = {
    handler: handler.name,
    version: handler.version,
    state,
    changed: isoTime(at),
    ...(answers.length === 0 ? {} : { answers }),
    ...(decisions.length === 0 ? {} : { decisions }),
  };
  return [
    exported(about, 'record', key, kept),
    ...outbox.map(({ event }) => exported(about, 'output', event.id, { event })),
    ...timers.map(({ key: name, at: due, event }) =>
      exported(about, 'timer', event.id, { key: name, due: isoTime(due), event }),
    ),
  ];
}

function ofLetter(about: About, { id, source, body }: KeptLetter): CloudEvent {
  return exported(about, 'letter', `${source} ${id}`, { event: JSON.parse(body) as unknown });
}

/** The same thing has the same id in each export for one request. */
function exported(about: About, kind: ExportKind, key: string, data: unknown): CloudEvent {
  const { request, subject, time } = about;
  const id = openHash('hearth.export', request, subject, kind, key);
  const type = `hearth.export.${kind}`;
  return { specversion: '1.0', id, source: 'urn:hearth:privacy', type, subject, time, data };
}
