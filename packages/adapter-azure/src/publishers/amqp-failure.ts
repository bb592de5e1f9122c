import { HearthError, isHearthError, type HearthErrorCode } from '@hearth/core';

/** Why a transfer failed, and whether it may have been because of one message in it. */
export interface AmqpFailure {
  readonly error: HearthError;
  readonly isAboutOne: boolean;
}

type Meaning = readonly [code: HearthErrorCode, what: string];

// The codes of @azure/service-bus, then those of @azure/core-amqp, which @azure/event-hubs passes on.
const meanings: Readonly<Record<string, Meaning>> = {
  MessageSizeExceeded: ['limit-exceeded', 'takes no message of this size'],
  ServiceTimeout: ['timeout', 'gave no answer in time'],
  UnauthorizedAccess: ['not-permitted', 'does not permit to send there'],
  MessagingEntityNotFound: ['not-found', 'knows no such queue or topic'],
  MessageTooLargeError: ['limit-exceeded', 'takes no message of this size'],
  OperationTimeoutError: ['timeout', 'gave no answer in time'],
  UnauthorizedError: ['not-permitted', 'does not permit to send there'],
  MessagingEntityNotFoundError: ['not-found', 'knows no such event hub'],
};

const aboutOne = new Set([
  'GeneralError',
  'InternalServerError',
  'MessageSizeExceeded',
  'MessageTooLargeError',
  'QuotaExceeded',
  'QuotaExceededError',
]);

/** Names what a client of Service Bus or Event Hubs threw. All but a size may pass, a missing right or queue too: somebody will mend it. */
export function amqpFailure(cause: unknown, service: string): AmqpFailure {
  if (isHearthError(cause)) return { error: cause, isAboutOne: false };
  const name = codeOf(cause);
  const known = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
  const [meaning, what] = known ?? ['publisher-unavailable', 'could not take it'];
  const reason = known === undefined && /^\w{1,40}$/.test(name) ? ` (${name})` : '';
  const retryable = meaning !== 'limit-exceeded';
  const error = new HearthError(meaning, `${service} ${what}${reason}.`, { retryable, cause });
  return { error, isAboutOne: aboutOne.has(name) };
}

/** A client that tried more than once throws all that it met; the last one tells the most. */
function codeOf(cause: unknown): string {
  const last: unknown = cause instanceof AggregateError ? cause.errors.at(-1) : cause;
  const { code } = Object(last) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}
