import { createHash } from 'node:crypto';
import { HearthError } from '@hearth/core/event';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { database, patiently, type Database, type PostgresOptions } from './database.ts';
import { failureOf } from './failure.ts';
import { databaseOf, type PostgresStore } from './postgres-store.ts';
import { fromColumn, toColumn } from './text.ts';

/** An event that could not be dealt with. `body` is the event in JSON, as it was published. */
export interface DeadLetter {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly body: string;
}

/** One page of dead letters, oldest first. `cursor` is absent on the last page. */
export interface DeadLetterPage {
  readonly letters: readonly DeadLetter[];
  readonly cursor?: string;
}

/** A publisher that keeps dead letters in a table until somebody has looked at them. */
export interface PostgresDeadLetters extends Publisher {
  readonly ordered: true;
  list(request: { readonly limit: number; readonly cursor?: string }): Promise<DeadLetterPage>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Resolves to `false` if there is no such letter. */
  remove(id: string): Promise<boolean>;
  /** Removes the letters about a subject, and resolves to their number. */
  erase(subject: string): Promise<number>;
  /** Closes the connections, unless they belong to a store or are those of a pool of yours. */
  close(): Promise<void>;
}

/**
 * Keeps dead letters in the database of a store, or in one of their own.
 *
 * Publishing an event again, by `source` and `id`, changes nothing.
 *
 * @throws {HearthError} as `postgresStore` does.
 */
export function postgresDeadLetters(where: PostgresStore | PostgresOptions): PostgresDeadLetters {
  const isShared = 'capabilities' in where;
  const own = isShared ? databaseOf(where) : database(where);
  const table = `${own.schema}.hearth_dead_letter`;
  const columns = 'number, id, source, type, subject, body';
  const remove = (column: string, value: string) =>
    removeWhere(own, `DELETE FROM ${table} WHERE ${column} = $1`, value);
  return {
    ordered: true,
    publish: (events) => publishAll(own, table, events),
    async list({ limit, cursor = '0' }) {
      const text = `SELECT ${columns} FROM ${table} WHERE number > $1 ORDER BY number LIMIT $2`;
      const rows = await own.read<Row>(text, [numberOf(cursor), limit + 1]);
      const letters = rows.slice(0, limit).map(toLetter);
      return rows.length > limit ? { letters, cursor: rows[limit - 1]?.number ?? '' } : { letters };
    },
    async get(id) {
      const text = `SELECT ${columns} FROM ${table} WHERE id = $1 LIMIT 1`;
      const [row] = await own.read<Row>(text, [toColumn(id)]);
      return row && toLetter(row);
    },
    remove: async (id) => (await remove('id', id)) > 0,
    erase: (subject) => remove('subject', subject),
    close: async () => (isShared ? undefined : own.close()),
  };
}

function numberOf(cursor: string): string {
  if (/^\d{1,18}$/.test(cursor)) return cursor;
  throw new HearthError('invalid-option', 'This is no cursor of a page of dead letters.', {
    field: 'cursor',
  });
}

async function removeWhere(own: Database, text: string, value: string): Promise<number> {
  try {
    const { rowCount } = await patiently(['again'], () =>
      own.write((client) => client.query(text, [toColumn(value)])),
    );
    return rowCount ?? 0;
  } catch (cause) {
    throw failureOf(cause).error;
  }
}

async function publishAll(
  own: Database,
  table: string,
  events: readonly Outgoing[],
): Promise<readonly PublishResult[]> {
  const text = `INSERT INTO ${table} (mark, source, id, type, subject, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    ON CONFLICT DO NOTHING`;
  const column = (of: (event: Outgoing) => string | undefined) =>
    events.map((one) => of(one)).map((value) => (value === undefined ? null : toColumn(value)));
  const values = [
    column(({ event: { source, id } }) => markOf(source, id)),
    column(({ event }) => event.source),
    column(({ event }) => event.id),
    column(({ event }) => event.type),
    column(({ event }) => event.subject),
    column(({ body }) => body),
  ];
  try {
    // To send a letter again changes nothing, so that a lost connection is no reason to give up.
    await patiently(['again', 'lost'], () => own.write((client) => client.query(text, values)));
    return events.map(() => ({ outcome: 'published' }));
  } catch (thrown) {
    const cause = failureOf(thrown).error;
    const { message, retryable } = cause;
    const error = new HearthError('publisher-unavailable', message, { retryable, cause });
    return events.map(() => ({ outcome: 'failed', error }));
  }
}

/** What a letter is known by; source and id together may be longer than an index takes. */
function markOf(source: string, id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('base64url');
}

interface Row extends Omit<DeadLetter, 'subject'> {
  readonly number: string;
  readonly subject: string | null;
}

function toLetter({ id, source, type, subject, body }: Row): DeadLetter {
  const letter = { id, source, type, body, ...(subject === null ? {} : { subject }) };
  const texts = Object.entries(letter).map(([name, text]) => [name, fromColumn(text)]);
  return Object.fromEntries(texts) as DeadLetter;
}
