import type { Principal } from '@hearth/core';
import type { Authenticate } from './request.ts';

/**
 * Lets in who carries a bearer token for which `verify` gives a principal.
 *
 * `verify` checks signature, issuer, audience and expiry, with a library for that, and gives `undefined` for a token that does not pass.
 */
export function bearer(
  verify: (token: string) => Principal | undefined | Promise<Principal | undefined>,
): Authenticate {
  return ({ headers }) => {
    const token = /^bearer +([\w\-.~+/]+=*)$/i.exec(headers.get('authorization') ?? '')?.[1];
    return token === undefined ? undefined : verify(token);
  };
}
