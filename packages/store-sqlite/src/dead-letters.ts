import type { DatabaseSync } from 'node:sqlite';
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
import { connect, connectionOf, type Connection } from './connection.ts';
import type { SqliteOptions } from './database.ts';
import { scrub } from './scrub.ts';
import type { SqliteStore } from './sqlite-store.ts';

export type { DeadLetterPage, KeptLetter as DeadLetter } from '@hearth/core/ports';

/** A publisher that keeps dead letters in a database file until somebody has looked at them. */
export interface SqliteDeadLetters extends DeadLetterStore {
  readonly ordered: true;
  /** Closes the file, unless it belongs to a store. */
  close(): Promise<void>;
}

/**
 * Keeps dead letters in the file of a store, or in one of their own.
 *
 * Publishing an event again, by `source` and `id`, changes nothing.
 *
 * @throws {HearthError} as `sqliteStore` does.
 */
export function sqliteDeadLetters(where: SqliteStore | SqliteOptions): SqliteDeadLetters {
  const shared = !('file' in where);
  const connection = shared ? connectionOf(where) : connect(where);
  const letters = table(connection.database);
  return {
    ordered: true,
    publish: (events) => publishAll(connection, letters.add, events),
    list: async (request) => connection.read(() => letters.list(request)),
    get: async (id) => connection.read(() => letters.get(id)),
    remove: (id) => write(connection, () => letters.remove(id) > 0),
    async erase(subject) {
      const count = await write(connection, () => letters.removeAbout(subject));
      const error = count > 0 ? await scrub(connection) : undefined;
      if (error !== undefined) throw error;
      return count;
    },
    close: async () => (shared ? undefined : connection.close()),
  };
}

async function write<T>({ transactions }: Connection, work: () => T): Promise<T> {
  const outcome = await transactions.run(work);
  if (!outcome.done) throw outcome.failure.error;
  return outcome.value;
}

async function publishAll(
  { transactions }: Connection,
  add: (event: Outgoing) => void,
  events: readonly Outgoing[],
): Promise<readonly PublishResult[]> {
  const outcome = await transactions.run(() => events.forEach(add));
  if (outcome.done) return events.map(() => ({ outcome: 'published' }));
  const cause = outcome.failure.error;
  const { message, retryable } = cause;
  const error = new HearthError('publisher-unavailable', message, { retryable, cause });
  return events.map(() => ({ outcome: 'failed', error }));
}

interface Row extends Omit<KeptLetter, 'subject'> {
  readonly number: number;
  readonly subject: string | null;
}

function table(database: DatabaseSync) {
  const columns = 'number, id, source, type, subject, body';
  const insert = database.prepare(
    `INSERT INTO hearth_dead_letter (source, id, type, subject, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  );
  const select = database.prepare(`SELECT ${columns} FROM hearth_dead_letter WHERE id = ? LIMIT 1`);
  const list = database.prepare(
    `SELECT ${columns} FROM hearth_dead_letter WHERE number > ? ORDER BY number LIMIT ?`,
  );
  // What says of no subject is looked into: its text may name one.
  const about = database.prepare(
    `SELECT ${columns} FROM hearth_dead_letter
     WHERE number > ? AND (subject = ? OR subject IS NULL) ORDER BY number`,
  );
  const remove = database.prepare('DELETE FROM hearth_dead_letter WHERE id = ?');
  const removeRow = database.prepare('DELETE FROM hearth_dead_letter WHERE number = ?');
  const rowsAbout = function* (subject: string, after: number, limit: number) {
    let found = 0;
    for (const row of about.iterate(after, subject) as Iterable<unknown>) {
      if (!isAbout(toLetter(row as Row), subject)) continue;
      yield row as Row;
      if ((found += 1) === limit) return;
    }
  };
  return {
    add({ event, body }: Outgoing): void {
      insert.run(event.source, event.id, event.type, event.subject ?? null, body);
    },
    get(id: string): KeptLetter | undefined {
      const row = select.get(id) as Row | undefined;
      return row && toLetter(row);
    },
    list({ limit, cursor = '0', subject }: DeadLetterRequest): DeadLetterPage {
      const after = Number(cursor);
      const rows =
        subject === undefined
          ? (list.all(after, limit + 1) as unknown as readonly Row[])
          : [...rowsAbout(subject, after, limit + 1)];
      const letters = rows.slice(0, limit).map(toLetter);
      return rows.length > limit
        ? { letters, cursor: String(rows[limit - 1]?.number) }
        : { letters };
    },
    remove: (id: string) => Number(remove.run(id).changes),
    removeAbout(subject: string): number {
      const rows = [...rowsAbout(subject, 0, Infinity)];
      for (const { number } of rows) removeRow.run(number);
      return rows.length;
    },
  };
}

function toLetter({ id, source, type, subject, body }: Row): KeptLetter {
  return { id, source, type, body, ...(subject === null ? {} : { subject }) };
}
