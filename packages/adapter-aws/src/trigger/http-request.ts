import type { Principal } from '@hearth/core';
import { bearerToken, recordOf, textOf, type VerifyToken } from '@hearth/core/trigger';

/** A request as a function URL or an HTTP API (payload format 2.0) hands it in, as far as it is read. */
export interface HttpEvent {
  readonly version: string;
  readonly rawPath: string;
  readonly rawQueryString?: string;
  /** Names in lower case; values of a header that came several times are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly http: { readonly method: string; readonly path?: string; readonly sourceIp?: string };
    /** What the service has checked before it invoked the function. */
    readonly authorizer?: HttpAuthorizer;
    /** The client certificate, with mutual TLS. */
    readonly authentication?: { readonly clientCert?: { readonly subjectDN?: string } } | null;
  };
}

/** What an authorizer of an HTTP API or a function URL found out. */
export interface HttpAuthorizer {
  readonly jwt?: { readonly claims: Readonly<Record<string, unknown>> };
  readonly iam?: { readonly userArn?: string; readonly accountId?: string };
  /** The context that a Lambda authorizer gave. */
  readonly lambda?: Readonly<Record<string, unknown>>;
}

/**
 * Finds out who is speaking, from a request that has its body still encoded.
 *
 * `undefined` is answered with 401. What it throws is answered with 503: the proof could not be checked now.
 */
export type Authenticate = (
  request: HttpEvent,
) => Principal | undefined | Promise<Principal | undefined>;

/** Takes a claim of the token that a JWT authorizer has checked: `sub`, a user, unless told otherwise. */
export function jwtClaim(name = 'sub', kind: Principal['kind'] = 'user'): Authenticate {
  return ({ requestContext }) => {
    const { claims } = recordOf(requestContext.authorizer?.jwt);
    const id = textOf(recordOf(claims)[name]);
    return id === undefined ? undefined : { kind, id };
  };
}

/** Takes the ARN of the role or user whose signature the service has checked (authorization type `AWS_IAM`): a service. */
export function iamCaller(kind: Principal['kind'] = 'service'): Authenticate {
  return ({ requestContext }) => {
    const id = textOf(requestContext.authorizer?.iam?.userArn);
    return id === undefined ? undefined : { kind, id };
  };
}

/**
 * Lets in who carries a bearer token for which `verify` gives a principal.
 *
 * `verify` checks signature, issuer, audience and expiry, with a library for that, and gives `undefined` for a token that does not pass.
 */
export function bearer(verify: VerifyToken): Authenticate {
  return ({ headers }) => {
    const token = bearerToken(headers['authorization']);
    return token === undefined ? undefined : verify(token);
  };
}
