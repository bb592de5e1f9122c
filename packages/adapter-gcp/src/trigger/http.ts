import type { App, Principal } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import {
  anonymous,
  httpInputs,
  httpReceiver,
  httpSender,
  rawPairs,
  type HttpInputs,
  type HttpInputsOptions,
  type HttpReceiverOptions,
} from '@hearth/core/trigger';
import { bodyOf, httpFunction, type HttpFunction, type HttpRequest } from './http-function.ts';
import { runtimeOf, timed, type GcpOptions } from './options.ts';

/** Finds out who is speaking, from the head of a request. `undefined` is answered with 401; what it throws, with 503. */
export type Authenticate = (
  request: HttpRequest,
) => Principal | undefined | Promise<Principal | undefined>;

/** How requests are taken. */
export interface HttpOptions extends GcpOptions, Omit<HttpReceiverOptions, 'handle' | 'limits'> {
  /**
   * Who is speaking: a function of the request's head, such as `googleCaller({ … })`, or one principal for everybody who can reach the
   * function, which is right only where IAM lets in nobody else. Without it everybody is anonymous, and speaks for nothing.
   */
  readonly authenticate?: Principal | Authenticate;
}

const dayMs = 86_400_000;

/**
 * Runs an app on CloudEvents that are sent by HTTP, in binary, structured or batched mode: `functions.http('home', http(home, { … }))`, or
 * `createServer(http(home, { … }))` on Cloud Run.
 *
 * 202 done, or rejected and accepted by the dead letters; 200 with a reply, if the sender prefers one; 400, 413 or 415 unreadable; 401 not
 * let in; 409 and 503 come again. A batch is answered as a whole.
 *
 * @throws {HearthError} `invalid-option` for a webhook that cannot be.
 */
export function http(app: App, options: HttpOptions): HttpFunction {
  const { authenticate, timeoutMs } = options;
  const runtime = runtimeOf(options, dayMs, authenticate !== undefined, 'authenticate');
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const receive = httpReceiver(app, runtime, options);
  return httpFunction(runtime, async (request) => {
    const { method, rawHeaders } = request;
    const headers = rawPairs(rawHeaders);
    if (method !== 'POST') return receive({ method, headers, principal: anonymous });
    const within = timed(runtime, timeoutMs);
    const principal = await httpSender(authenticate, request, within);
    // Of nobody's request the body is not read.
    if (typeof principal !== 'object') return receive({ headers, principal });
    const body = await bodyOf(request, maxBytes);
    return receive({ headers, body, principal, deadline: within.deadline });
  });
}

/**
 * Reads the inputs of a request, as `http` does.
 *
 * @throws {HearthError} `unsupported-media-type`, `invalid-event` or `limit-exceeded` about the request as a whole.
 */
export async function decodeHttp(
  request: HttpRequest,
  options: HttpInputsOptions,
): Promise<HttpInputs> {
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const body = await bodyOf(request, maxBytes);
  return httpInputs({ headers: rawPairs(request.rawHeaders), body }, options);
}
