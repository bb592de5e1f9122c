/** What became of a request with all its attempts. `isDoubtful`: at least one of them may have been carried out although it failed. */
export type Attempted<T> =
  | { readonly output: T }
  | { readonly error: unknown; readonly isDoubtful: boolean };

interface Stack {
  add(
    middleware: (next: (args: never) => Promise<unknown>) => (args: never) => Promise<unknown>,
    options: {
      readonly step: 'finalizeRequest';
      readonly priority: 'low';
      readonly name: string;
      readonly override: true;
    },
  ): void;
}

/**
 * Sends a command of the SDK, which may try it several times, and keeps an eye on every attempt.
 *
 * The trap: a conditional write happens, its answer is lost, the SDK tries again by itself, and the condition fails because of our own
 * write. Only who has seen the first attempt fail knows that the refusal of the second one says nothing.
 */
export async function attempt<T>(
  command: { readonly middlewareStack: unknown },
  send: () => Promise<T>,
): Promise<Attempted<T>> {
  let isDoubtful = false;
  const stack = command.middlewareStack as Stack;
  // Retries are a `finalizeRequest` of high priority, so one of low priority runs once for each attempt.
  stack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (mayHaveHappened(error)) isDoubtful = true;
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'hearthAttempt', override: true },
  );
  try {
    return { output: await send() };
  } catch (error) {
    return { error, isDoubtful };
  }
}

/** The parts of an SDK's error that we read. */
export interface SdkError {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: { readonly statusCode?: unknown };
}

// No connection came about, so nothing was sent.
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Whether a failed attempt may have been carried out: a server's own failure, or no answer. A refusal says that it was not. */
export function mayHaveHappened(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status < 400 || status >= 500;
  return !neverSent.has(String((error as SdkError | undefined)?.code));
}

/** The HTTP status of an SDK's error, if there was an answer. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = Object(error) as SdkError;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

const throttles = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'LimitExceededException',
]);

/** Whether a service asks to be spared for a moment; nothing was done. */
export function isThrottle(error: unknown): boolean {
  return throttles.has(nameOf(error)) || statusOf(error) === 429;
}

/**
 * What to say of an error: its name, and its message where no service has given an answer, which may repeat what it was asked ("Region is
 * missing", "connect ECONNREFUSED …").
 */
export function reasonOf(error: unknown): string {
  const { message } = Object(error) as SdkError;
  const isOurs = statusOf(error) === undefined && typeof message === 'string' && message !== '';
  return isOurs ? `${nameOf(error)}: ${message}` : nameOf(error);
}

/** The name of an SDK's error, or of whatever it is. */
export function nameOf(error: unknown): string {
  const { name } = Object(error) as SdkError;
  return typeof name === 'string' ? name : 'Error';
}
