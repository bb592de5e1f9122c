import type { App } from '../app/define-app.ts';
import { keeperOf } from '../app/group.ts';
import { HearthError } from '../event/error.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { StoredRecord } from '../ports/state-store.ts';

const pageSize = 100;

/**
 * Gives records as JSON lines that `importRecords` takes, in the order of the keys: state, inbox, timers, what is yet to be sent, all of it.
 *
 * `keys` are `<handler>/<subject>`, as the store lists them; those of handlers that the app does not have, and of records that are not
 * there, give nothing. Whoever moves a store stops the app first: what is saved after a record was read is not in its line.
 *
 * @throws {HearthError} `store-unavailable`; `invalid-state` when a key holds what is no record.
 */
export async function* exportRecords(
  app: App,
  { store }: Pick<Runtime, 'store'>,
  keys: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<string> {
  let page: string[] = [];
  for await (const key of keys) {
    if (keeperOf(app, key) === undefined) continue;
    page.push(key);
    if (page.length < pageSize) continue;
    yield* linesOf(await store.load(page));
    page = [];
  }
  if (page.length > 0) yield* linesOf(await store.load(page));
}

function linesOf(stored: readonly (StoredRecord | undefined)[]): readonly string[] {
  return stored.flatMap((one) => (one === undefined ? [] : [lineOf(one)]));
}

function lineOf({ key, body }: StoredRecord): string {
  const slash = key.indexOf('/');
  const { f: _, v: version, s: state, seen, ...kept } = parsed(key, body);
  return JSON.stringify({
    handler: key.slice(0, slash),
    subject: key.slice(slash + 1),
    version,
    state,
    ...(seen === undefined ? {} : { seen }),
    ...(Object.keys(kept).length === 0 ? {} : { kept }),
  });
}

function parsed(key: string, body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new HearthError('invalid-state', `What the store holds as "${key}" is no record.`, {
      cause,
    });
  }
}
