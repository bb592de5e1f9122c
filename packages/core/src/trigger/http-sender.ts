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
 * never rejects: what a function of the user throws, or gives that is no principal, is logged and `unknown`.
 */
export async function httpSender<R>(
  from: Principal | HttpAuthenticate<R> = anonymous,
  request: R,
  runtime: Runtime,
): Promise<HttpSender> {
  if (typeof from !== 'function') return from;
  try {
    const principal: unknown = (await from(request)) ?? undefined;
    if (principal === undefined || isPrincipal(principal)) return principal;
    throw new TypeError('A principal has a kind and an id.');
  } catch (error) {
    log({ runtime }, 'error', loggedError(error), 'Who is speaking could not be checked.');
    return 'unknown';
  }
}
