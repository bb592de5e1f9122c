import type { DatabaseSync } from 'node:sqlite';
import { HearthError } from '@hearth/core/event';
import type { Outgoing, Publisher, PublishResult } from '@hearth/core/ports';
import { connect, connectionOf, type Connection } from './connection.ts';
import type { SqliteOptions } from './database.ts';
import { scrub } from './scrub.ts';
import type { SqliteStore } from './sqlite-store.ts';

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

/** A publisher that keeps dead letters in a database file until somebody has looked at them. */
export interface SqliteDeadLetters extends Publisher {
  readonly ordered: true;
  list(request: { readonly limit: number; readonly cursor?: string }): Promise<DeadLetterPage>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Resolves to `false` if there is no such letter. */
  remove(id: string): Promise<boolean>;
  /** Removes the letters about a subject, leaves nothing of them to be read, and resolves to their number. */
  erase(subject: string): Promise<number>;
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
    list: async ({ limit, cursor }) => connection.read(() => letters.list(limit, cursor)),
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

interface Row extends Omit<DeadLetter, 'subject'> {
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
  const remove = database.prepare('DELETE FROM hearth_dead_letter WHERE id = ?');
  const removeAbout = database.prepare('DELETE FROM hearth_dead_letter WHERE subject = ?');
  return {
    add({ event, body }: Outgoing): void {
      insert.run(event.source, event.id, event.type, event.subject ?? null, body);
    },
    get(id: string): DeadLetter | undefined {
      const row = select.get(id) as Row | undefined;
      return row && toLetter(row);
    },
    list(limit: number, cursor = '0'): DeadLetterPage {
      const rows = list.all(Number(cursor), limit + 1) as unknown as readonly Row[];
      const letters = rows.slice(0, limit).map(toLetter);
      return rows.length > limit
        ? { letters, cursor: String(rows[limit - 1]?.number) }
        : { letters };
    },
    remove: (id: string) => Number(remove.run(id).changes),
    removeAbout: (subject: string) => Number(removeAbout.run(subject).changes),
  };
}

function toLetter({ id, source, type, subject, body }: Row): DeadLetter {
  return { id, source, type, body, ...(subject === null ? {} : { subject }) };
}
