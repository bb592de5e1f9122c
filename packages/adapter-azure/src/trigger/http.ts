import type { App, Principal } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import {
  anonymous,
  httpFailure,
  httpInputs,
  httpReceiver,
  httpSender,
  timed,
  type HttpAnswer,
  type HttpInputs,
  type HttpInputsOptions,
  type HttpReceiverOptions,
} from '@hearth/core/trigger';
import { readBody } from './body.ts';
import type { FunctionContext } from './context.ts';
import { during } from './context-logger.ts';
import { runtimeOf, type AzureOptions } from './options.ts';
import type { Authenticate, FunctionRequest } from './request.ts';

/** How requests are taken. `timeoutMs` is 25,000 unless given: most senders wait for 30 s. */
export interface HttpOptions extends AzureOptions, Omit<HttpReceiverOptions, 'handle' | 'limits'> {
  /**
   * Who is speaking: a function of the request, such as `easyAuth`, or one principal for everybody who has the function's key. Without it
   * everybody is anonymous, and speaks for nothing.
   */
  readonly authenticate?: Principal | Authenticate;
  /** Whether the host wants a key of the function (`function`, the default) or of the app (`admin`), or leaves it to `authenticate`. */
  readonly authLevel?: 'anonymous' | 'function' | 'admin';
  /** The path behind `/api/`; the function's name unless given. */
  readonly route?: string;
}

/** What `app.http` of `@azure/functions` takes. */
export interface HttpFunction {
  methods: ('POST' | 'OPTIONS')[];
  authLevel: 'anonymous' | 'function' | 'admin';
  route?: string;
  handler: (request: FunctionRequest, context: FunctionContext) => Promise<HttpAnswer>;
}

/**
 * Runs an app on CloudEvents that are sent by HTTP, in binary, structured or batched mode: `app.http('events', http(home, { … }))`.
 *
 * 202 done, or rejected and accepted by the dead letters; 200 with a reply, if the sender prefers one; 400, 413 or 415 unreadable; 401 not
 * let in; 409 and 503 come again. A batch is answered as a whole. With `webhook`, the handshake that Event Grid wants is answered as well:
 * `{ origins: ['eventgrid.azure.net'] }`.
 *
 * @throws {HearthError} `invalid-option` for a webhook that cannot be.
 */
export function http(app: App, options: HttpOptions): HttpFunction {
  const runtime = runtimeOf(options, options.authenticate !== undefined, 'authenticate');
  const { authLevel = 'function', route, webhook, authenticate } = options;
  const { timeoutMs: withinMs = 25_000 } = options;
  const receive = httpReceiver(app, runtime, options);
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const answer = async (request: FunctionRequest): Promise<HttpAnswer> => {
    const { method, headers } = request;
    if (method !== 'POST') return receive({ method, headers, principal: anonymous });
    const within = timed(runtime, withinMs);
    const { deadline } = within;
    const principal = await httpSender(authenticate, request, within);
    if (typeof principal !== 'object') return receive({ headers, principal });
    try {
      const body = await readBody(request, maxBytes);
      return await receive({ headers, body, principal, deadline });
    } catch (error) {
      return httpFailure(error, runtime);
    }
  };
  return {
    methods: webhook === undefined ? ['POST'] : ['POST', 'OPTIONS'],
    authLevel,
    ...(route === undefined ? {} : { route }),
    handler: (request, context) => during(context, () => answer(request)),
  };
}

/**
 * Reads the inputs of a request, as `http` does.
 *
 * @throws {HearthError} `unsupported-media-type`, `invalid-event` or `limit-exceeded` about the request as a whole.
 */
export async function decodeHttp(
  request: FunctionRequest,
  options: HttpInputsOptions,
): Promise<HttpInputs> {
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const { headers } = request;
  return httpInputs({ headers, body: await readBody(request, maxBytes) }, options);
}
