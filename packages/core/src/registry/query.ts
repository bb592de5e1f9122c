import { lookAt, type Look } from '../app/read.ts';
import { HearthError } from '../event/error.ts';
import type { Readable } from '../model/reads.ts';
import type { Runtime } from '../ports/runtime.ts';
import { groupTag, yes } from './registered.ts';
import { fits, type InGroup, type Selection } from './selection.ts';

/** Which page is asked for. */
export interface PageOptions {
  /** How many records at most: 100 unless given. */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly cursor?: string;
}

/** One page of records. Without a `cursor` it is the last one. */
export interface Page<V> {
  readonly found: readonly Look<V>[];
  readonly cursor?: string;
}

/** What can be queried: a registry, a device model, a home, a handler. */
export type Queryable<V> = Readable<V> & {
  readonly groups?: Readonly<Record<string, Selection>>;
};

/**
 * Finds records by a tag, page by page, in the order of their ids: `query(runtime, registry, { tag: 'firmware', value: '1.0' })`.
 *
 * Every record was loaded and carries the tags, whatever the store's index said. A page may therefore have fewer than `limit`, or none, and
 * still not be the last: only a page without a `cursor` is. What is saved while pages are read may be in none of them or, moved, in two.
 *
 * @throws {HearthError} `store-unavailable`; `invalid-option` for what selects nothing, or a limit below 1 or above 1,000.
 */
export async function query<V>(
  { store }: Pick<Runtime, 'store'>,
  of: Queryable<V>,
  options: (Selection | InGroup) & PageOptions,
): Promise<Page<V>> {
  const { limit = 100, cursor } = options;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1000)
    throw new HearthError('invalid-option', `A page has 1 to 1,000 records, not ${limit}.`, {
      field: 'limit',
    });
  const selection = selectionOf(of, options);
  const { tag, value } = selection;
  const { record: handler } = of;
  const from = cursor === undefined ? {} : { cursor };
  const page = await store.query({ handler: handler.key, tag, value, limit, ...from });
  const stored = page.keys.length === 0 ? [] : await store.load(page.keys);
  const found = page.keys.flatMap((key, at) => {
    const subject = key.slice(handler.key.length + 1);
    const look = lookAt({ record: handler, subject, view: (state) => state }, stored[at]);
    if (look.erased || !look.exists) return [];
    if (!fits(handler.tagsOf(look.state as never, subject), selection)) return [];
    return [{ ...look, state: of.view(look.state) }];
  });
  return page.cursor === undefined ? { found } : { found, cursor: page.cursor };
}

/**
 * What a group stands for, or the selection itself.
 *
 * @throws {HearthError} `invalid-option` for neither.
 */
export function selectionOf(
  { groups = {} }: Queryable<unknown>,
  wanted: Selection | InGroup,
): Selection {
  const { group, tag, value, and } = wanted as Partial<Selection & InGroup>;
  if (group !== undefined) {
    const byQuery = Object.hasOwn(groups, group) ? groups[group] : undefined;
    return byQuery ?? { tag: groupTag(group), value: yes };
  }
  if (typeof tag === 'string' && tag !== '' && typeof value === 'string')
    return { tag, value, ...(and === undefined ? {} : { and }) };
  const message = 'Select by a tag and its value, or by a group.';
  throw new HearthError('invalid-option', message, { field: 'tag' });
}
