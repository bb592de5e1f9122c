import { createHash } from 'node:crypto';
import { HearthError } from '@hearth/core/event';
import { oncePerSecond } from '@hearth/core/ports';

/** The client of `@google-cloud/tasks` as far as it is used. */
export interface TasksClient {
  createTask(request: object, options?: object): Promise<unknown>;
}

/** Which queue calls whom. */
export interface CloudTasksWakeOptions {
  /** `projects/<project>/locations/<region>/queues/<name>`. */
  readonly queue: string;
  /** The URL of the function or path with the trigger `schedule`. */
  readonly url: string;
  /** The service account whose token the tasks carry: the `email` of the trigger's caller. We must be allowed to act as it. */
  readonly serviceAccount: string;
  /** What the token is made for, and the `audience` of the trigger's caller: the URL unless given. */
  readonly audience?: string;
  /** The client to use; one is made on first use unless given. */
  readonly client?: TasksClient;
}

// A task cannot be further ahead than 30 days; until then regular sweeps do.
const furthestMs = 30 * 86_400_000;
// `handle` waits for a second, and no longer.
const timeoutMs = 900;

/**
 * Gives a `wake` for a runtime: a task of Cloud Tasks that calls the trigger `schedule` when something is due, about a second late at most.
 * `handle` waits for it, since a function stops as soon as it has answered.
 *
 * However many records and processes ask for a second, it is one task: its name says which one. What is more than 30 days ahead is left
 * to the regular sweep. Rejects with `publisher-unavailable` or, without the SDK, `invalid-option`; then the regular sweep does as well.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function cloudTasksWake(options: CloudTasksWakeOptions): (at: number) => Promise<void> {
  const { queue, url, serviceAccount, audience = url } = options;
  assertMatch('queue', queue, /^projects\/[^/]+\/locations\/[^/]+\/queues\/[^/]+$/);
  assertMatch('url', url, /^https?:\/\/./);
  assertMatch('serviceAccount', serviceAccount, /.@./);
  const oidcToken = { serviceAccountEmail: serviceAccount, audience };
  let opened: Promise<TasksClient> | undefined;
  const open = () => {
    opened ??= clientOf(options).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  const ask = oncePerSecond(async (at) => {
    const client = await open();
    const task = {
      name: `${queue}/tasks/${nameOf(url, at)}`,
      scheduleTime: { seconds: at / 1000, nanos: 0 },
      httpRequest: { httpMethod: 'POST', url, oidcToken },
    };
    try {
      await client.createTask({ parent: queue, task }, { timeout: timeoutMs, maxRetries: 0 });
    } catch (cause) {
      // Somebody else has asked for this second already.
      if ((Object(cause) as { readonly code?: unknown }).code !== alreadyExists)
        throw notAsked(cause);
    }
  }, Date.now);
  return async (at) => {
    if (at - Date.now() < furthestMs) await ask(at);
  };
}

const alreadyExists = 6;

/** The hash comes first: names that follow one another slow a queue down. */
function nameOf(url: string, at: number): string {
  const hash = createHash('sha256').update(`${url} ${at}`).digest('hex').slice(0, 16);
  return `${hash}-${at / 1000}`;
}

function notAsked(cause: unknown): HearthError {
  const message = 'Cloud Tasks could not be asked for a wake-up.';
  return new HearthError('publisher-unavailable', message, { retryable: true, cause });
}

async function clientOf({ client }: CloudTasksWakeOptions): Promise<TasksClient> {
  if (client !== undefined) return client;
  try {
    const { CloudTasksClient } = await import('@google-cloud/tasks');
    return new CloudTasksClient();
  } catch (cause) {
    const message = 'Install "@google-cloud/tasks" beside @hearth/adapter-gcp, or give "client".';
    throw new HearthError('invalid-option', message, { field: 'client', cause });
  }
}

function assertMatch(field: string, value: unknown, pattern: RegExp): void {
  if (typeof value === 'string' && pattern.test(value)) return;
  const message = `"${field}" of the wake-ups is missing or none: it must match ${pattern.source}.`;
  throw new HearthError('invalid-option', message, { field });
}
