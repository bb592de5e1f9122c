import { bearerToken, type VerifyToken } from '@hearth/core/trigger';
import type { Authenticate } from './request.ts';

/**
 * Lets in who carries a bearer token for which `verify` gives a principal.
 *
 * `verify` checks signature, issuer, audience and expiry, with a library for that, and gives `undefined` for a token that does not pass.
 */
export function bearer(verify: VerifyToken): Authenticate {
  return ({ headers }) => {
    const token = bearerToken(headers.get('authorization'));
    return token === undefined ? undefined : verify(token);
  };
}
