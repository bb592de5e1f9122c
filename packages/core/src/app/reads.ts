import { HearthError, isHearthError } from '../event/error.ts';
import type { Incoming } from '../model/event.ts';
import type { Handler } from '../model/handler.ts';
import type {
  By,
  Each,
  One,
  Page,
  PageOf,
  PageRequest,
  Readable,
  Reads,
  Where,
} from '../model/reads.ts';
import { load, query, type Task } from './effect.ts';
import { keyOf, readRecord } from './record.ts';

/** What a handler's steps get for its reads: each record at least as new as any save acknowledged before. */
export function* readsFor(
  handler: Handler,
  event: Incoming,
): Task<Readonly<Record<string, unknown>> | HearthError> {
  const values: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(handler.readsOf)) {
    const value = yield* readOf(read, event);
    if (isHearthError(value)) return value;
    values[name] = value;
  }
  return values;
}

function readOf(read: Reads[string], event: Incoming): Task<unknown> {
  if ('page' in read) return readPage(read, event);
  return read.limit === undefined ? readOne(read, event) : readMany(read, event);
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

function* readMany({ of, tag, value: where, limit }: Each, event: Incoming): Task<unknown> {
  const value = yield* lookUp(where, event);
  if (isHearthError(value)) return value;
  const found = yield* readTagged(of, { tag, value, limit });
  if (isHearthError(found)) return found;
  return found.all.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
}

function* readPage({ of, page }: Page, event: Incoming): Task<unknown> {
  const request = page(event);
  return request === undefined ? noPage : yield* readTagged(of, request);
}

const noPage: PageOf<unknown> = { all: [] };

/** Keys from an index are hints: what no longer carries the tags is left out. */
function* readTagged(of: Readable, request: PageRequest): Task<PageOf<unknown> | HearthError> {
  const handler = of.record;
  const { tag, value, and = {}, limit, cursor } = request;
  const from = cursor === undefined ? {} : { cursor };
  const page = yield* query({ handler: handler.key, tag, value, limit, ...from });
  if (isHearthError(page)) return page;
  const stored = page.keys.length === 0 ? [] : yield* load(page.keys);
  if (isHearthError(stored)) return stored;
  const wanted = [[tag, value] as const, ...Object.entries(and)];
  const all = page.keys.flatMap((key, index): One<unknown>[] => {
    const subject = key.slice(handler.key.length + 1);
    const { erased, state } = readRecord(handler, subject, stored[index]);
    if (erased) return [];
    const tags = handler.tagsOf(state as never, subject);
    const isFitting = wanted.every(([name, one]) => tags[name] === one);
    return isFitting ? [{ subject, state: of.view(state) }] : [];
  });
  return page.cursor === undefined ? { all } : { all, cursor: page.cursor };
}
