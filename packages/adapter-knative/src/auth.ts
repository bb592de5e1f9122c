import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HearthError, type Principal } from '@hearth/core';
import { bearerToken, type VerifyToken } from '@hearth/core/trigger';

/**
 * Finds out who is speaking, from the head of a request; the body has not been read.
 *
 * `undefined` is answered with 401. What it throws is answered with 503: the proof could not be checked now.
 */
export type Authenticate = (
  request: IncomingMessage,
) => Principal | undefined | Promise<Principal | undefined>;

/** What the ways below need of a request; `headersDistinct` has the values of each header one by one. */
export type RequestHead = Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'url'>;

/** Finds out who is speaking from nothing but that, so that it also serves where there is no `IncomingMessage`. */
export type AuthenticateHead = (
  head: RequestHead,
) => Principal | undefined | Promise<Principal | undefined>;

/** A header that a trusted proxy sets, and what its value names. */
export interface TrustedHeader {
  readonly name: string;
  readonly kind: Principal['kind'];
}

/**
 * Takes the id of the principal from a header, such as the device that a proxy found in a client certificate.
 *
 * The proxy must set the header on every request and remove what the client sent. A request with none, or with two, is not let in.
 */
export function trustedHeader({ name, kind }: TrustedHeader): AuthenticateHead {
  const header = name.toLowerCase();
  return ({ headersDistinct }) => {
    const values = headersDistinct[header] ?? [];
    const [id = ''] = values;
    return values.length === 1 && id !== '' ? { kind, id } : undefined;
  };
}

/**
 * Lets in who carries a bearer token for which `verify` gives a principal: an OpenID Connect token of a broker, of an app's user, of a device.
 *
 * `verify` checks signature, issuer, audience and expiry, with a library for that, and gives `undefined` for a token that does not pass.
 */
export function bearer(verify: VerifyToken): AuthenticateHead {
  return ({ headers: { authorization } }) => {
    const token = bearerToken(authorization);
    return token === undefined ? undefined : verify(token);
  };
}

/** Tokens that several senders may share, and who a sender with one of them is. */
export interface SharedToken {
  /** The tokens that are valid; a function is asked on every request, so that tokens can change without a restart. */
  readonly tokens: readonly string[] | (() => readonly string[]);
  readonly principal: Principal;
}

/**
 * Lets in who knows a token: as a bearer token, or in the query as `access_token`, which webhooks use. It is compared in constant time.
 *
 * @throws {HearthError} `invalid-option` when there is no token, or an empty one.
 */
export function sharedToken({ tokens, principal }: SharedToken): AuthenticateHead {
  const current = typeof tokens === 'function' ? tokens : () => tokens;
  if (typeof tokens !== 'function' && (tokens.length === 0 || tokens.includes(''))) {
    const message = '"tokens" must have at least one token, and no empty one.';
    throw new HearthError('invalid-option', message, { field: 'tokens' });
  }
  return (request) => {
    const token = bearerToken(request.headers.authorization) ?? queryToken(request);
    if (token === undefined || token === '') return undefined;
    const given = digest(token);
    // All of them are compared, so that the time tells nothing either.
    const matches = current().filter((one) => timingSafeEqual(digest(one), given));
    return matches.length > 0 ? principal : undefined;
  };
}

// Digests are of one length, which the comparison needs, and hide that of the tokens.
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

const tokens = new WeakMap<RequestHead, string>();

/**
 * Takes `access_token` out of a request's URL, so that no log line written later can show it; `sharedToken` still finds it.
 */
export function hideToken(request: RequestHead): void {
  const { url = '' } = request;
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('access_token', at)) return;
  const query = new URLSearchParams(url.slice(at + 1));
  const token = query.get('access_token');
  if (token === null) return;
  tokens.set(request, token);
  query.delete('access_token');
  request.url = url.slice(0, at) + (query.size === 0 ? '' : `?${query.toString()}`);
}

function queryToken(request: RequestHead): string | undefined {
  hideToken(request);
  return tokens.get(request);
}
