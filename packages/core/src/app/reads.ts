import { HearthError, isHearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Handler } from '../model/handler.ts';
import type { By, Each, Where } from '../model/reads.ts';
import { load, query, type Task } from './effect.ts';
import { keyOf, readRecord } from './record.ts';

/** What a handler's steps get for its reads: each record at least as new as any save acknowledged before. */
export function* readsFor(
  handler: Handler,
  event: Incoming,
): Task<Readonly<Record<string, unknown>> | HearthError> {
  const values: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(handler.readsOf)) {
    const value =
      read.limit === undefined ? yield* readOne(read, event) : yield* readMany(read, event);
    if (isHearthError(value)) return value;
    values[name] = value;
  }
  return values;
}

/** The subject at which a read looks. */
function* lookUp(where: Where, event: Incoming): Task<string | HearthError> {
  if (typeof where === 'function') return where(event);
  const found = yield* readOne(where, event);
  return isHearthError(found) ? found : ((found as string | null) ?? event.subject);
}

function* readOne({ of, subject }: By, event: Incoming): Task<unknown> {
  const found = yield* lookUp(subject, event);
  if (isHearthError(found)) return found;
  const stored = yield* load([keyOf(of.record, found)]);
  if (isHearthError(stored)) return stored;
  return of.view(readRecord(of.record, found, stored[0]).state);
}

/** Keys from an index are hints: what no longer carries the tag is left out. */
function* readMany({ of, tag, value: where, limit }: Each, event: Incoming): Task<unknown> {
  const value = yield* lookUp(where, event);
  if (isHearthError(value)) return value;
  const handler = of.record;
  const page = yield* query({ handler: handler.key, tag, value, limit });
  if (isHearthError(page)) return page;
  const stored = page.keys.length === 0 ? [] : yield* load(page.keys);
  if (isHearthError(stored)) return stored;
  const subjects = page.keys.map((key) => key.slice(handler.key.length + 1));
  return subjects
    .map((subject, index) => ({ subject, record: readRecord(handler, subject, stored[index]) }))
    .filter(
      ({ subject, record }) =>
        !record.erased && handler.tagsOf(record.state as never, subject)[tag] === value,
    )
    .map(({ subject, record }) => ({ subject, state: of.view(record.state) }))
    .toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
}
