import type { Handled, HearthError } from '@hearth/core';

/** What an HTTP request is answered with. Everything but a reply has an empty body. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * What the sender is told of a rejected event.
 *
 * `accept`: 202, once our own dead letter was accepted. `refuse`: 4xx, and no dead letter of ours: the broker files it in its dead-letter
 * sink.
 */
export type WhenRejected = 'accept' | 'refuse';

/** The status that a broker must not try again for, by the code of the rejection; 422 for every other code. */
const refusals: Readonly<Record<string, number>> = {
  'invalid-event': 400,
  'invalid-data': 400,
  'limit-exceeded': 400,
  'not-permitted': 403,
  erased: 410,
};

const accepted: Answer = { status: 202 };
const again: Answer = { status: 503 };
const conflict: Answer = { status: 409 };
const later: Answer = { status: 503, headers: { 'retry-after': '1' } };

/** The answer to a request with more events in progress than this server takes. */
export const busy: Answer = { status: 429, headers: { 'retry-after': '1' } };

/**
 * The answer to a request, from the verdicts on its events: 202 done, 503 again, 409 in progress elsewhere.
 *
 * A request with several events is answered as a whole: one that must come again brings the others with it, and they are recognised.
 */
export function answerTo(handled: readonly Handled[], rejected: WhenRejected): Answer {
  const retry = handled.find(({ verdict }) => verdict === 'retry');
  if (retry !== undefined) return retryOf(retry);
  if (rejected === 'accept') return accepted;
  const refused = handled.find(({ verdict }) => verdict === 'rejected');
  return refused === undefined ? accepted : { status: refusalStatus(refused.code ?? '') };
}

// The code may be the app's own, such as `constructor`.
const refusalStatus = (code: string): number =>
  (Object.hasOwn(refusals, code) ? refusals[code] : undefined) ?? 422;

function retryOf({ code }: Handled): Answer {
  if (code === 'conflict') return conflict;
  return code === 'store-unavailable' ? later : again;
}

/** The answer to a request that could not be read: the sender has to change, and must not send it again as it is. */
export function refusalOf({ code, field }: HearthError): Answer {
  if (code === 'unsupported-media-type') return { status: 415 };
  return { status: code === 'limit-exceeded' && field === 'body' ? 413 : 400 };
}
