import type { Handled } from '../app/input.ts';
import type { HearthError } from '../event/error.ts';

/** What an HTTP request is answered with. Everything but a reply has an empty body. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * What the sender is told of a rejected event.
 *
 * `accept`: 202, once our own dead letter was accepted. `refuse`: 4xx, and no dead letter of ours: the sender files it in its dead-letter
 * sink, so `handle` is told `deadLetters: 'host'`.
 */
export type WhenRejected = 'accept' | 'refuse';

/** How verdicts are answered. */
export interface HttpAnswerOptions {
  /** `accept` unless given. */
  readonly rejected?: WhenRejected | undefined;
  /** The answer that carries the reply of a step, from `httpReplies`; it takes the place of an empty 202. */
  readonly reply?: HttpAnswer | undefined;
}

/** The status that a broker must not try again for, by the code of the rejection; 422 for every other code. */
const refusals: Readonly<Record<string, number>> = {
  'invalid-event': 400,
  'invalid-data': 400,
  'limit-exceeded': 400,
  'not-permitted': 403,
  erased: 410,
};

const accepted: HttpAnswer = { status: 202 };
const again: HttpAnswer = { status: 503 };
const conflict: HttpAnswer = { status: 409 };
const later: HttpAnswer = { status: 503, headers: { 'retry-after': '1' } };

/** The answer to a request with more events in progress than is taken: 429. */
export const httpBusy: HttpAnswer = { status: 429, headers: { 'retry-after': '1' } };

/**
 * The answer to a request, from the verdicts on its events: 202 done (200 with a reply), 503 again, 409 in progress elsewhere.
 *
 * A request with several events is answered as a whole: one that must come again brings the others with it, and they are recognised.
 */
export function httpAnswer(
  handled: readonly Handled[],
  { rejected = 'accept', reply }: HttpAnswerOptions = {},
): HttpAnswer {
  const retry = handled.find(({ verdict }) => verdict === 'retry');
  if (retry !== undefined) return retryOf(retry);
  const refused = handled.find(({ verdict }) => verdict === 'rejected');
  if (refused === undefined) return reply ?? accepted;
  return rejected === 'accept' ? accepted : { status: refusalStatus(refused.code ?? '') };
}

// The code may be the app's own, such as `constructor`.
const refusalStatus = (code: string): number =>
  (Object.hasOwn(refusals, code) ? refusals[code] : undefined) ?? 422;

function retryOf({ code }: Handled): HttpAnswer {
  if (code === 'conflict') return conflict;
  return code === 'store-unavailable' ? later : again;
}

/**
 * The answer to a request that could not be read, from the error of `httpInputs`: 400, 413 or 415. The sender has to change, and must not
 * send it again as it is.
 */
export function httpRefusal({ code, field }: HearthError): HttpAnswer {
  if (code === 'unsupported-media-type') return { status: 415 };
  return { status: code === 'limit-exceeded' && field === 'body' ? 413 : 400 };
}
