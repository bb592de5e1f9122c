import type { Principal } from '@hearth/core';
import { recordOf } from '@hearth/core/trigger';
import type { Authenticate } from './request.ts';

/** Whom App Service Authentication ("Easy Auth") has let in, and who that is here. */
export interface EasyAuth {
  /** The identity provider, as the header has it in `auth_typ`: `aad`, `google`, …; ids of another one could be anybody's. */
  readonly provider: string;
  /** What whoever is let in is: `user` unless given. */
  readonly kind?: Principal['kind'];
  /** The type of the claim that is the id; unless given, the object id that Microsoft Entra gives a person or an app. */
  readonly claim?: string;
  /**
   * `platform` (the default): the header is believed only where `WEBSITE_AUTH_ENABLED` says that App Service checks requests and removes
   * what a client sends under its name. `proxy`: something else does that, such as Container Apps.
   */
  readonly trust?: 'platform' | 'proxy';
}

const objectId = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

/**
 * Takes the principal from `x-ms-client-principal`, which App Service Authentication sets on requests that it has let in.
 *
 * Whoever reaches the function past App Service Authentication can write that header: hence `trust`.
 */
export function easyAuth(options: EasyAuth): Authenticate {
  const { provider, kind = 'user', claim = objectId, trust = 'platform' } = options;
  return ({ headers }) => {
    const isTrusted = trust === 'proxy' || process.env['WEBSITE_AUTH_ENABLED'] === 'True';
    const header = isTrusted ? headers.get('x-ms-client-principal') : null;
    const { auth_typ: type, claims } = recordOf(header === null ? undefined : decode(header));
    if (type !== provider || !Array.isArray(claims)) return undefined;
    const ids = claims.map(recordOf).filter(({ typ }) => typ === claim);
    const id = ids[0]?.['val'];
    return ids.length === 1 && typeof id === 'string' && id !== '' ? { kind, id } : undefined;
  };
}

function decode(header: string): unknown {
  try {
    return JSON.parse(Buffer.from(header, 'base64').toString());
  } catch {
    return undefined;
  }
}
