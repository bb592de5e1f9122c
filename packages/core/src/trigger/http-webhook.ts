import { HearthError } from '../event/error.ts';
import type { HttpHeaders } from '../event/http.ts';
import type { HttpAnswer } from './http-answer.ts';
import { headerPairs } from './http-inputs.ts';

/** Who may register this service as a webhook, and how fast they may then send. */
export interface Webhook {
  /** The hosts that may, as they name themselves in `WebHook-Request-Origin`. */
  readonly origins: readonly string[];
  /** The most requests per minute that are granted, also to a sender that asks for more; 6,000 when absent. */
  readonly maxRatePerMinute?: number;
}

/**
 * Gives the function that answers the OPTIONS request of the CloudEvents webhook handshake, from its headers.
 *
 * An origin that is not listed gets an answer without consent. `WebHook-Request-Callback` is never called, whatever it says.
 *
 * @throws {HearthError} `invalid-option` for an empty list, a wildcard or a rate that is no positive integer.
 */
export function webhookHandshake(webhook: Webhook): (headers: HttpHeaders) => HttpAnswer {
  const { maxRatePerMinute: max = 6000 } = webhook;
  const origins = new Set(webhook.origins.map((origin) => origin.toLowerCase()));
  if (origins.size === 0 || origins.has('*')) {
    throw invalid('webhook.origins', 'must list the hosts that may send; there is no wildcard');
  }
  if (!Number.isSafeInteger(max) || max < 1) {
    throw invalid('webhook.maxRatePerMinute', 'must be a positive integer');
  }
  return (headers) => {
    const sent = new Map(headerPairs(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const origin = sent.get('webhook-request-origin') ?? '';
    if (!origins.has(origin.toLowerCase())) return { status: 200, headers: { allow: 'POST' } };
    const asked = Number(sent.get('webhook-request-rate'));
    const rate = Number.isSafeInteger(asked) && asked > 0 ? Math.min(asked, max) : max;
    const consent = { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': String(rate) };
    return { status: 200, headers: { allow: 'POST', ...consent } };
  };
}

function invalid(field: string, fix: string): HearthError {
  return new HearthError('invalid-option', `"${field}" ${fix}.`, { field });
}
