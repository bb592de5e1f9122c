import { HearthError, isHearthError } from '@hearth/core/event';
import { endsConnection, failureOf } from './failure.ts';

/** What is used of a connection of `pg`. */
export interface PostgresClient {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  release(destroy?: boolean): void;
}

/** What is used of a `Pool` of `pg`, which fits. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * How the database is reached: by a pool of yours, which you close, or by a connection string, for which a pool is opened on first use.
 *
 * The connection string (`postgresql://user:password@host:5432/database?sslmode=verify-full`) is asked for when it is needed and never shown.
 */
export type PostgresConnection =
  | { readonly pool: PostgresPool; readonly connectionString?: never }
  | {
      readonly connectionString: () => string | Promise<string>;
      readonly pool?: never;
      /** The most connections at once: 10 unless told otherwise. */
      readonly maxConnections?: number;
      /** How long (ms) a connection or an answer is waited for: 10,000 unless told otherwise. */
      readonly timeoutMs?: number;
    };

/** A pool that can be closed if it is ours. */
export interface OwnedPool extends PostgresPool {
  close(): Promise<void>;
}

/** Gives the pool of an option, opened on first use. */
export function poolOf(options: PostgresConnection): OwnedPool {
  if (options.pool !== undefined) {
    if (typeof options.pool?.connect === 'function') return borrowed(options.pool);
    throw new HearthError('invalid-option', 'pool must be a Pool of pg.', { field: 'pool' });
  }
  if (typeof options.connectionString !== 'function') {
    const message = 'connectionString must be a function that gives the connection string.';
    throw new HearthError('invalid-option', message, { field: 'connectionString' });
  }
  let opening: Promise<OwnedPool> | undefined;
  let isClosed = false;
  return {
    async connect() {
      if (isClosed) throw closedError();
      opening ??= open(options).catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return (await opening).connect();
    },
    async close() {
      isClosed = true;
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

const heard = new WeakSet<PostgresPool>();

// A connection that is lost while it is idle is replaced; without a listener it would end the process.
function hear(pool: PostgresPool): void {
  if (heard.has(pool)) return;
  heard.add(pool);
  pool.on?.('error', () => undefined);
}

function borrowed(pool: PostgresPool): OwnedPool {
  hear(pool);
  let isClosed = false;
  return {
    connect: () => (isClosed ? Promise.reject(closedError()) : pool.connect()),
    async close() {
      isClosed = true;
    },
  };
}

function closedError(): HearthError {
  return new HearthError('store-unavailable', 'This store has been closed.', { retryable: true });
}

type Opening = Extract<PostgresConnection, { readonly pool?: never }>;

async function open(options: Opening): Promise<OwnedPool> {
  const { maxConnections = 10, timeoutMs = 10_000 } = options;
  const { Pool } = await import('pg');
  const connectionString = await asked(options.connectionString);
  const pool = new Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'hearth',
  });
  hear(pool);
  return { connect: () => pool.connect(), close: () => pool.end() };
}

/** The driver would show a text that it cannot read, password included. */
async function asked(connectionString: () => string | Promise<string>): Promise<string> {
  let text: unknown;
  try {
    text = await connectionString();
  } catch (cause) {
    if (isHearthError(cause)) throw cause;
    const message = 'connectionString() did not give the connection string.';
    throw new HearthError('store-unavailable', message, { retryable: true, cause });
  }
  if (typeof text === 'string' && /^postgres(ql)?:\/\//.test(text) && URL.canParse(text))
    return text;
  const message = 'connectionString() must give "postgresql://user:password@host:5432/database".';
  throw new HearthError('invalid-option', message, { field: 'connectionString' });
}

/**
 * Runs statements on one connection, and gives it back; one that broke is thrown away.
 *
 * @throws {HearthError} `store-unavailable` when there is no connection: nothing was sent. What `work` throws is thrown on.
 */
export async function withClient<T>(
  pool: PostgresPool,
  work: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  const client = await connected(pool);
  let isBroken = false;
  // The driver reports a broken connection here besides rejecting the statement; without a listener it would end the process.
  const onError = () => {
    isBroken = true;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    isBroken ||= endsConnection(error);
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(isBroken);
  }
}

async function connected(pool: PostgresPool): Promise<PostgresClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw failureOf(cause).error;
  }
}
