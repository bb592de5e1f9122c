import { log, loggedError } from '../app/telemetry.ts';
import { anonymous, isPrincipal, type Principal } from '../ports/principal.ts';
import type { Runtime } from '../ports/runtime.ts';

/**
 * Finds out who sends a request. `undefined` is answered with 401. What it throws is answered with 503: the proof could not be checked
 * now.
 */
export type HttpAuthenticate<R> = (
  request: R,
) => Principal | undefined | Promise<Principal | undefined>;

/** Who sends a request: `undefined` if a proof was wanted and none came, `unknown` if it could not be checked now. */
export type HttpSender = Principal | 'unknown' | undefined;

/**
 * Finds out who sends a request, by one principal for everybody or by a function; without either, nobody, who may speak for nothing. It
 * never rejects: what a function of the user throws, or gives that is no principal, is logged and `unknown`, and so is who is not found
 * out by the runtime's deadline.
 */
export async function httpSender<R>(
  from: Principal | HttpAuthenticate<R> = anonymous,
  request: R,
  runtime: Runtime,
): Promise<HttpSender> {
  if (typeof from !== 'function') return from;
  try {
    const principal: unknown = (await inTime(runtime, async () => from(request))) ?? undefined;
    if (principal === undefined || isPrincipal(principal)) return principal;
    throw new TypeError('A principal has a kind and an id.');
  } catch (error) {
    log({ runtime }, 'error', loggedError(error), 'Who is speaking could not be checked.');
    return 'unknown';
  }
}

function inTime<T>({ clock, deadline }: Runtime, find: () => Promise<T>): Promise<T> {
  return deadline === undefined ? find() : clock.within(Math.max(0, deadline - clock.now()), find);
}

/** The bearer token in an `authorization` header; `undefined` for a header that has none, or more than one. */
export function bearerToken(authorization: string | null | undefined): string | undefined {
  return /^bearer +([\w\-.~+/]+=*)$/i.exec(authorization ?? '')?.[1];
}

/** Gives the principal of a bearer token: checks signature, issuer, audience and expiry, and gives `undefined` for one that does not pass. */
export type VerifyToken = (token: string) => Principal | undefined | Promise<Principal | undefined>;
