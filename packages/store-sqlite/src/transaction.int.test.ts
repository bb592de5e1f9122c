import { DatabaseSync } from 'node:sqlite';
import { HearthError } from '@hearth/core/event';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { transactions, type Transactions } from './transaction.ts';

/** A real database that writes down what it is told to execute. */
class RecordingDatabase extends DatabaseSync {
  readonly executed: string[] = [];

  override exec(sql: string): void {
    this.executed.push(sql);
    super.exec(sql);
  }
}

let database: RecordingDatabase;
let queue: Transactions;

beforeEach(() => {
  database = new RecordingDatabase(':memory:');
  queue = transactions(database, 'memory', 0);
});

afterEach(() => database.close());

it('commits once for all that arrives in one turn', async () => {
  const work = Array.from({ length: 50 }, (_, i) => queue.run(() => i));
  expect(await Promise.all(work)).toEqual(work.map((_, value) => ({ done: true, value })));
  expect(database.executed).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
});

it('runs in one transaction what its callers save in the same turn after the one before', async () => {
  const twice = async () => {
    await queue.run(() => 1);
    await Promise.resolve();
    await queue.run(() => 2);
  };
  await Promise.all([twice(), twice(), twice()]);
  expect(database.executed.filter((sql) => sql === 'COMMIT')).toHaveLength(2);
});

it('undoes the work of a piece that throws, and of no other', async () => {
  database.exec('CREATE TABLE t (x)');
  const insert = database.prepare('INSERT INTO t VALUES (?)');
  const results = await Promise.all([
    queue.run(() => insert.run(1)),
    queue.run(() => {
      insert.run(2);
      throw new TypeError('odd');
    }),
    queue.run(() => insert.run(3)),
  ]);
  expect(results.map(({ done }) => done)).toEqual([true, false, true]);
  expect(database.prepare('SELECT x FROM t').all()).toEqual([{ x: 1 }, { x: 3 }]);
});

it('ends what was begun before it closes and refuses the rest with its error', async () => {
  const begun = queue.run(() => 'begun');
  const error = new HearthError('store-unavailable', 'Closed.');
  await queue.close(error);
  expect(await begun).toEqual({ done: true, value: 'begun' });
  expect(await queue.run(() => 'late')).toEqual({
    done: false,
    failure: { kind: 'unavailable', error },
  });
});
