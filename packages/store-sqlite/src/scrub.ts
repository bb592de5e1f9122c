import type { HearthError } from '@hearth/core/event';
import type { Connection } from './connection.ts';

/**
 * Rewrites the file from what is in it now, so that no byte of anything older is left, neither in it nor in its log.
 *
 * `secure_delete` is not enough: it overwrites what is deleted, but not the copies that stay behind where SQLite has moved a record
 * to another page. Gives the error for which it could not be done.
 */
export async function scrub(connection: Connection): Promise<HearthError | undefined> {
  const { database, transactions } = connection;
  const rewritten = await transactions.alone(() => database.exec('VACUUM'));
  if (!rewritten.done) return rewritten.failure.error;
  const emptied = await transactions.alone(() => {
    const result = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    if (result?.['busy'] !== 0) throw busy();
  });
  return emptied.done ? undefined : emptied.failure.error;
}

// The pragma reports by a column what other statements report by an error.
function busy(): Error {
  return Object.assign(new Error('the log is being read'), { errcode: 5 });
}
