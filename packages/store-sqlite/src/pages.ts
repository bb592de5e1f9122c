import type { DatabaseSync } from 'node:sqlite';
import { HearthError } from '@hearth/core/event';
import type { DueRequest, KeyPage, TagRequest } from '@hearth/core/ports';

/** Asks for keys by their beginning, in key order. */
export interface KeyRequest {
  /** What the keys begin with; `<handler name>/` gives one handler's. Everything unless given. */
  readonly prefix?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** The lists of keys that a database can give. */
export interface Pages {
  due(request: DueRequest): KeyPage;
  query(request: TagRequest): KeyPage;
  keys(request: KeyRequest): KeyPage;
}

interface DueRow {
  readonly due: number;
  readonly key: string;
}

/** Prepares the statements once. Each asks for one row more than the page has, which tells whether there is another page. */
export function pages(database: DatabaseSync): Pages {
  const due = database.prepare(
    `SELECT due, key FROM hearth_record
     WHERE due IS NOT NULL AND due <= ? AND (due, key) > (?, ?) AND hash % ? = ?
     ORDER BY due, key LIMIT ?`,
  );
  const tagged = database.prepare(
    `SELECT key FROM hearth_tag WHERE tag = ? AND value = ? AND key >= ? AND key > ? AND key < ?
     ORDER BY key LIMIT ?`,
  );
  const keys = database.prepare(
    'SELECT key FROM hearth_record WHERE key >= ? AND key > ? ORDER BY key LIMIT ?',
  );
  return {
    due({ before, limit, shard = { index: 0, of: 1 }, cursor }) {
      const from = cursor === undefined ? { due: -Number.MAX_VALUE, key: '' } : parse(cursor);
      const rows = due.all(before, from.due, from.key, shard.of, shard.index, more(limit));
      return page(rows as unknown as readonly DueRow[], limit, (row) => `${row.due}/${row.key}`);
    },
    query({ handler, tag, value, limit, cursor = '' }) {
      // '0' is the sign after '/': the keys in between are those of the handler.
      const rows = tagged.all(tag, value, `${handler}/`, cursor, `${handler}0`, more(limit));
      return page(rows as unknown as readonly DueRow[], limit, ({ key }) => key);
    },
    keys({ prefix = '', limit, cursor = '' }) {
      const rows = keys.all(prefix, cursor, more(limit)) as unknown as readonly DueRow[];
      const fitting = rows.filter(({ key }) => key.startsWith(prefix));
      return page(fitting, limit, ({ key }) => key);
    },
  };
}

function more(limit: number): number {
  if (limit >= 1) return limit + 1;
  const message = `A page of ${limit} keys was asked for; at least 1 is needed.`;
  throw new HearthError('invalid-option', message, { field: 'limit' });
}

function page<T extends { readonly key: string }>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => string,
): KeyPage {
  const keys = rows.slice(0, limit).map(({ key }) => key);
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? { keys, cursor: cursorOf(last) } : { keys };
}

function parse(cursor: string): DueRow {
  const end = cursor.indexOf('/');
  const due = Number(cursor.slice(0, end));
  if (end < 1 || Number.isNaN(due)) {
    throw new HearthError('invalid-option', 'This is no cursor of a due page.', {
      field: 'cursor',
    });
  }
  return { due, key: cursor.slice(end + 1) };
}
