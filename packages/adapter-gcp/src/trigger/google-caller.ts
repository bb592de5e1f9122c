import type { Principal } from '@hearth/core';
import { HearthError } from '@hearth/core';
import type { JWTVerifyGetKey } from 'jose';

/** Gives the key that a token says it was signed with, as `createRemoteJWKSet` and `createLocalJWKSet` of jose do. */
export type KeySource = JWTVerifyGetKey;

/** Which of Google's services may call: Pub/Sub, Cloud Scheduler and Cloud Tasks prove themselves by a token of a service account. */
export interface GoogleCaller {
  /** The service account, or several, whose token is let in. */
  readonly email: string | readonly string[];
  /** What the token must have been made for: the `audience` of the push subscription, job or task, which is the URL unless it says otherwise. */
  readonly audience: string | readonly string[];
  /**
   * Who checks the signature. `here` (the default). `cloud-run`: the service requires authentication, so Cloud Run has checked the token,
   * and has taken its signature away; give it only to such a service, for anybody can leave a signature out.
   */
  readonly signature?: 'here' | 'cloud-run';
  /** Where the keys are; at Google unless given. */
  readonly keys?: KeySource;
}

/** What is read of a request. */
export interface Headed {
  readonly headers: { readonly authorization?: string | undefined };
}

const googleKeys = 'https://www.googleapis.com/oauth2/v3/certs';
const signatureTaken = '.SIGNATURE_REMOVED_BY_GOOGLE';

type Claims = Readonly<Record<string, unknown>>;

/**
 * Gives the function that lets in who carries a token of Google for one of these service accounts, as the principal
 * `{ kind: 'service', id: <email> }`: signature, `iss`, `aud`, `exp`, `email` and `email_verified` must be right.
 *
 * `undefined` for everybody else. It rejects when the keys cannot be had.
 *
 * @throws {HearthError} `invalid-option` without an email or an audience.
 */
export function googleCaller(
  caller: GoogleCaller,
): (request: Headed) => Promise<Principal | undefined> {
  // No compiler may have seen that it is missing.
  const {
    email: wantedEmail,
    audience,
    signature = 'here',
    keys = remoteKeys(),
  } = Object(caller) as GoogleCaller;
  const emails = listOf('email', wantedEmail);
  const audiences = listOf('audience', audience);
  const wanted = {
    audience: [...audiences],
    issuer: ['https://accounts.google.com', 'accounts.google.com'],
    clockTolerance: 30,
    requiredClaims: ['exp', 'email'],
  };
  const claimsOf = async (token: string): Promise<Claims | undefined> => {
    const jose = await import('jose');
    try {
      if (signature === 'cloud-run' && token.endsWith(signatureTaken)) {
        return jose.UnsecuredJWT.decode(unsecured(token), wanted).payload;
      }
      return (await jose.jwtVerify(token, keys, { ...wanted, algorithms: ['RS256'] })).payload;
    } catch (error) {
      if (isWrong(error)) return undefined;
      throw error;
    }
  };
  return async ({ headers }) => {
    const token = /^bearer +([\w.-]+)$/i.exec(headers.authorization ?? '')?.[1];
    const claims = token === undefined ? undefined : await claimsOf(token);
    const { email, email_verified: isVerified } = claims ?? {};
    if (typeof email !== 'string' || isVerified !== true || !emails.includes(email))
      return undefined;
    return { kind: 'service', id: email };
  };
}

/** The same claims in a token that says that it has no signature. */
function unsecured(token: string): string {
  return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`;
}

// Everything else that jose reports, such as a time limit, says that the keys could not be had.
const wrong = /^ERR_(JWT|JWS|JOSE_ALG|JOSE_NOT_SUPPORTED|JWKS_NO_MATCHING_KEY|JWKS_MULTIPLE)/;

function isWrong(error: unknown): boolean {
  const { code } = Object(error) as { readonly code?: unknown };
  return typeof code === 'string' && wrong.test(code);
}

function remoteKeys(): KeySource {
  let source: Promise<KeySource> | undefined;
  return async (header, token) => {
    source ??= import('jose').then((jose) => jose.createRemoteJWKSet(new URL(googleKeys)));
    return (await source)(header, token);
  };
}

function listOf(field: 'email' | 'audience', value: string | readonly string[]): readonly string[] {
  const list = [value].flat() as readonly unknown[];
  if (list.length > 0 && list.every((one) => typeof one === 'string' && one !== '')) {
    return list as readonly string[];
  }
  throw new HearthError('invalid-option', `The caller needs "${field}".`, { field });
}
