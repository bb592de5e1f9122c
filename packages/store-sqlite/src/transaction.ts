import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseSync } from 'node:sqlite';
import type { HearthError } from '@hearth/core/event';
import { failureOf, type SqliteFailure } from './failure.ts';

/** The end of a piece of work: what it returned, or why nothing of it was done (or, if `lost`, perhaps all of it). */
export type Outcome<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly failure: SqliteFailure };

/** Transactions that several callers share: a commit waits for the disk, whether it carries one save or a thousand. */
export interface Transactions {
  /** Runs `work` in one transaction with all that arrives in the same turn of the event loop. It must not wait, and changes nothing if it throws. */
  run<T>(work: () => T): Promise<Outcome<T>>;
  /** Runs `work` alone and outside of any transaction, when those before it have ended. */
  alone<T>(work: () => T): Promise<Outcome<T>>;
  /** Ends what was begun and refuses, with this error, what comes later. */
  close(error: HearthError): Promise<void>;
}

interface Job {
  readonly shared: boolean;
  readonly work: () => unknown;
  readonly settle: (outcome: Outcome<unknown>) => void;
}

/** Shared transactions on one connection. `busyTimeoutMs` bounds the wait for other processes; `assertThere` throws if there is no file. */
export function transactions(
  database: DatabaseSync,
  file: string,
  busyTimeoutMs: number,
  assertThere: () => void = () => undefined,
): Transactions {
  const attempt: Attempt = (work) =>
    patiently(
      () => {
        assertThere();
        work();
      },
      file,
      busyTimeoutMs,
    );
  let waiting: Job[] = [];
  let running: Promise<void> | undefined;
  let closed: HearthError | undefined;
  const runAll = async () => {
    do {
      await turn();
      const jobs = waiting;
      waiting = [];
      await runJobs(database, file, jobs, attempt);
    } while (waiting.length > 0);
    running = undefined;
  };
  const add = <T>(shared: boolean, work: () => T): Promise<Outcome<T>> => {
    if (closed !== undefined) return Promise.resolve(refusal(closed));
    return new Promise((settle) => {
      waiting.push({ shared, work, settle: settle as Job['settle'] });
      running ??= runAll();
    });
  };
  return {
    run: (work) => add(true, work),
    alone: (work) => add(false, work),
    async close(error) {
      closed = error;
      await running;
    },
  };
}

// Everybody whose turn it is gets to save before the disk is waited for.
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function refusal(error: HearthError): Outcome<never> {
  return { done: false, failure: { kind: 'unavailable', error } };
}

type Attempt = (work: () => void) => Promise<SqliteFailure | undefined>;

async function runJobs(
  database: DatabaseSync,
  file: string,
  jobs: readonly Job[],
  attempt: Attempt,
): Promise<void> {
  const shared = jobs.filter((job) => job.shared);
  if (shared.length > 0) await runShared(database, file, shared, attempt);
  for (const job of jobs.filter((each) => !each.shared)) {
    let value: unknown;
    const failure = await attempt(() => {
      value = job.work();
    });
    job.settle(failure === undefined ? { done: true, value } : { done: false, failure });
  }
}

async function runShared(
  database: DatabaseSync,
  file: string,
  jobs: readonly Job[],
  attempt: Attempt,
): Promise<void> {
  const refused = await attempt(() => database.exec('BEGIN IMMEDIATE'));
  if (refused !== undefined) {
    for (const { settle } of jobs) settle({ done: false, failure: refused });
    return;
  }
  try {
    const values = jobs.map(({ work }) => work());
    database.exec('COMMIT');
    jobs.forEach(({ settle }, index) => settle({ done: true, value: values[index] }));
  } catch (error) {
    rollBack(database);
    const failure = failureOf(error, file);
    if (jobs.length === 1 || failure.kind === 'lost') {
      for (const { settle } of jobs) settle({ done: false, failure });
      return;
    }
    // One call that does not fit must not take those with it that happened to come in the same turn.
    for (const job of jobs) await runShared(database, file, [job], attempt);
  }
}

function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has already rolled back by itself, as it does on a full disk.
  }
}

/** Tries again while another process has the lock, and lets this one go on in between. */
async function patiently(
  work: () => void,
  file: string,
  busyTimeoutMs: number,
): Promise<SqliteFailure | undefined> {
  const end = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      work();
      return undefined;
    } catch (error) {
      const failure = failureOf(error, file);
      if (failure.kind !== 'busy' || performance.now() >= end) return failure;
      await pause(5);
    }
  }
}
