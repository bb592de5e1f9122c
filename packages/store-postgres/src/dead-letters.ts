import { createHash } from 'node:crypto';
import { HearthError } from '@hearth/core/event';
import {
  isAbout,
  type DeadLetterPage,
  type DeadLetterRequest,
  type DeadLetterStore,
  type KeptLetter,
  type Outgoing,
  type PublishResult,
} from '@hearth/core/ports';
import { database, patiently, type Database, type PostgresOptions } from './database.ts';
import { failureOf } from './failure.ts';
import { databaseOf, type PostgresStore } from './postgres-store.ts';
import { fromColumn, toColumn } from './text.ts';

export type { DeadLetterPage, KeptLetter as DeadLetter } from '@hearth/core/ports';

/** A publisher that keeps dead letters in a table until somebody has looked at them. */
export interface PostgresDeadLetters extends DeadLetterStore {
  readonly ordered: true;
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
  return {
    ordered: true,
    publish: (events) => publishAll(own, table, events),
    list: (request) => pageOf(own, table, request),
    async get(id) {
      const text = `SELECT ${columns} FROM ${table} WHERE id = $1 LIMIT 1`;
      const [row] = await own.read<Row>(text, [toColumn(id)]);
      return row && toLetter(row);
    },
    remove: async (id) => (await removeWhere(own, `DELETE FROM ${table} WHERE id = $1`, id)) > 0,
    erase: (subject) => eraseAbout(own, table, subject),
    close: async () => (isShared ? undefined : own.close()),
  };
}

const columns = 'number, id, source, type, subject, body';

async function pageOf(
  own: Database,
  table: string,
  { limit, cursor = '0', subject }: DeadLetterRequest,
): Promise<DeadLetterPage> {
  const rows =
    subject === undefined
      ? await own.read<Row>(
          `SELECT ${columns} FROM ${table} WHERE number > $1 ORDER BY number LIMIT $2`,
          [numberOf(cursor), limit + 1],
        )
      : await rowsAbout(own, table, subject, numberOf(cursor), limit + 1);
  const letters = rows.slice(0, limit).map(toLetter);
  return rows.length > limit ? { letters, cursor: rows[limit - 1]?.number ?? '' } : { letters };
}

const atOnce = 500;

/** The rows about a subject. What says of no subject is looked into, page by page: its text may name one. */
async function rowsAbout(
  own: Database,
  table: string,
  subject: string,
  after: string,
  limit: number,
): Promise<readonly Row[]> {
  const text = `SELECT ${columns} FROM ${table}
    WHERE number > $1 AND (subject = $2 OR subject IS NULL) ORDER BY number LIMIT ${atOnce}`;
  const found: Row[] = [];
  for (let from = after; ;) {
    const rows = await own.read<Row>(text, [from, toColumn(subject)]);
    found.push(...rows.filter((row) => isAbout(toLetter(row), subject)));
    from = rows.at(-1)?.number ?? from;
    if (rows.length < atOnce || found.length >= limit) return found.slice(0, limit);
  }
}

async function eraseAbout(own: Database, table: string, subject: string): Promise<number> {
  const rows = await rowsAbout(own, table, subject, '0', Infinity);
  let count = 0;
  for (const { number } of rows)
    count += await removeWhere(own, `DELETE FROM ${table} WHERE number = $1`, number);
  return count;
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

interface Row extends Omit<KeptLetter, 'subject'> {
  readonly number: string;
  readonly subject: string | null;
}

function toLetter({ id, source, type, subject, body }: Row): KeptLetter {
  const letter = { id, source, type, body, ...(subject === null ? {} : { subject }) };
  const texts = Object.entries(letter).map(([name, text]) => [name, fromColumn(text)]);
  return Object.fromEntries(texts) as KeptLetter;
}
