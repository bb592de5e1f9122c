import { HearthError, type App, type Principal } from '@hearth/core';
import {
  anonymous,
  httpInputs,
  httpReceiver,
  httpSender,
  type HttpAnswer,
  type HttpInputs,
  type HttpInputsOptions,
  type HttpReceiverOptions,
  recordOf,
  textOf,
} from '@hearth/core/trigger';
import type { Authenticate, HttpEvent } from './http-request.ts';
import { inTime, runtimeOf, type AwsOptions, type LambdaContext } from './invocation.ts';

/** How requests are taken. */
export interface HttpOptions extends AwsOptions, Omit<HttpReceiverOptions, 'handle' | 'limits'> {
  /**
   * Who is speaking: a function of the request, such as `jwtClaim()`, `iamCaller()` or `bearer(verify)`, or one principal for everybody
   * who can reach the function. Without it everybody is anonymous, and speaks for nothing.
   */
  readonly authenticate?: Principal | Authenticate;
}

/** What a function URL or an HTTP API is answered. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** A function behind a function URL or an HTTP API. */
export type HttpHandler = (event: unknown, context: LambdaContext) => Promise<HttpResult>;

/**
 * Runs an app on CloudEvents that are sent by HTTP, in binary, structured or (with `batch`) batched mode, to a function URL or an HTTP API
 * with payload format 2.0.
 *
 * 202 done, or rejected and accepted by the dead letters; 200 with a reply, if the sender prefers one; 400, 413 and 415 unreadable; 401 not
 * let in; 409 and 503 come again. A batch is answered as a whole.
 *
 * @throws {HearthError} `invalid-option` for a webhook that cannot be.
 */
export function http(app: App, options: HttpOptions): HttpHandler {
  const given = runtimeOf(options, options.authenticate !== undefined, 'authenticate');
  const receive = httpReceiver(app, given, options);
  return async (event, context) => {
    // An event of something else must not be answered: for a queue, any answer would acknowledge it.
    const request = requestOf(event);
    const runtime = inTime(given, context);
    const { deadline } = runtime;
    const { method } = request.requestContext.http;
    const isPost = method === 'POST';
    const principal = isPost ? await httpSender(options.authenticate, request, runtime) : anonymous;
    return resultOf(await receive({ ...messageOf(request), method, principal, deadline }));
  };
}

/**
 * Reads the inputs of a request: what `http` handles.
 *
 * @throws {HearthError} `unsupported-media-type`, `invalid-event` or `limit-exceeded` about the request as a whole.
 */
export function decodeHttp(event: unknown, options: HttpInputsOptions): HttpInputs {
  return httpInputs(messageOf(requestOf(event)), options);
}

function requestOf(event: unknown): HttpEvent {
  const { requestContext, headers } = recordOf(event);
  const method = textOf(recordOf(recordOf(requestContext)['http'])['method']);
  const isRequest = typeof headers === 'object' && headers !== null && method !== undefined;
  if (isRequest) return event as HttpEvent;
  const message = 'The event must be a request in payload format 2.0, as function URLs have it.';
  throw new HearthError('invalid-event', message, { field: 'requestContext' });
}

function messageOf({ headers, body, isBase64Encoded }: HttpEvent) {
  if (typeof body !== 'string') return { headers };
  return { headers, body: isBase64Encoded ? Buffer.from(body, 'base64') : body };
}

function resultOf({ status, headers = {}, body = '' }: HttpAnswer): HttpResult {
  const isText = typeof body === 'string';
  return {
    statusCode: status,
    headers,
    body: isText ? body : Buffer.from(body).toString('base64'),
    isBase64Encoded: !isText,
  };
}
