import { HearthError, type App, type Principal } from '@hearth/core';
import type { Body } from '@hearth/core/event';
import {
  httpFailure,
  httpHandling,
  httpReceiver,
  httpSender,
  type HttpAnswer,
  type HttpRequest,
  type HttpSender,
} from '@hearth/core/trigger';
import { nodeRuntime, sweeper, type SweeperOptions } from '@hearth/node';
import type { AuthenticateHead, RequestHead } from './auth.ts';
import { gather } from './gather.ts';
import { storeCheck } from './health.ts';
import type { KnativeOptions } from './options.ts';

/** What is read of the context that faas-js-runtime gives a function. */
export interface FaasContext {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Parsed already if it is JSON. */
  readonly body?: unknown;
  /** The body as it came, with `--include-raw`. */
  readonly rawBody?: unknown;
  readonly query?: Readonly<Record<string, unknown>>;
}

/** What the runtime makes an HTTP answer of. */
export interface FaasAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** How a function is run, as `knative`; the runtime has limits of its own for requests. */
export interface FaasOptions extends Omit<
  KnativeOptions,
  'authenticate' | 'batch' | 'compressed' | 'maxRequests' | 'sweep' | 'wake'
> {
  /** Who is speaking: `bearer`, `trustedHeader`, `sharedToken` or your own, or one principal for everybody; as for `knative`. */
  readonly authenticate?: Principal | AuthenticateHead;
  /** How this process sweeps; `elsewhere` if another one does. With `none`, an event is accepted only when what it caused has been published. */
  readonly sweeper?: SweeperOptions | 'elsewhere' | 'none';
  /** How long `shutdown` waits for requests in progress (ms). 10,000 unless given. */
  readonly drainMs?: number;
}

/** What a module of a Knative Function exports. */
export interface FaasFunction {
  handle(context: FaasContext): Promise<FaasAnswer>;
  /** 200 while the store answers. */
  readiness(
    request: unknown,
    reply: { code(status: number): { send(text: string): unknown } },
  ): Promise<unknown>;
  /** Waits for what is in progress, and ends the sweep. */
  shutdown(): Promise<void>;
}

/**
 * Runs an app as a Knative Function (`func create -l node`), on faas-js-runtime: `export const { handle, readiness, shutdown } = faas(app, { … })`.
 *
 * It answers as `knative` does, wherever the runtime lets it. What the runtime cannot read as one valid event it answers with 500 before
 * anybody is asked, a batch included: a broker sends it again until its retries are over, and then files it. Where that matters, `serve`.
 *
 * @throws {HearthError} `invalid-option`.
 */
export function faas(app: App, options: FaasOptions): FaasFunction {
  const { drainMs = 10_000, deadlineMs = 25_000, rejected } = options;
  const { runtime, stop } = sweeping(app, options);
  const handle = httpHandling(app, runtime, { deadlineMs, rejected });
  const receive = httpReceiver(app, runtime, {
    ...options,
    handle: gather(handle, { inputs: 100, calls: 32 }),
  });
  const storeAnswers = storeCheck(runtime.store, runtime.clock);
  const open = new Set<Promise<unknown>>();
  const answerTo = async (context: FaasContext): Promise<HttpAnswer> => {
    try {
      const { method, headers } = context;
      assertHeaders(headers);
      if (method !== 'POST') return await receive({ method, headers, principal: undefined });
      const within = { ...runtime, deadline: runtime.clock.now() + deadlineMs };
      const principal = await httpSender(options.authenticate, headOf(context), within);
      return await receive(requestOf(context, principal));
    } catch (error) {
      return httpFailure(error, runtime);
    }
  };
  return {
    async handle(context) {
      const answer = answerTo(context);
      open.add(answer);
      const { status, headers = {}, body = '' } = await answer;
      open.delete(answer);
      return { statusCode: status, headers, body };
    },
    async readiness(_, reply) {
      return reply.code((await storeAnswers()) ? 200 : 503).send('');
    },
    async shutdown() {
      const { clock } = runtime;
      await clock.within(drainMs, () => Promise.all(open)).catch(() => undefined);
      await stop();
    },
  };
}

function sweeping(app: App, { sweeper: how = {}, ...rest }: FaasOptions) {
  const runtime = nodeRuntime(rest);
  if (typeof how === 'object') return sweeper(app, runtime, how);
  const stop = async () => undefined;
  return { runtime: { ...runtime, sweep: how === 'elsewhere' }, stop };
}

/** The runtime lets the query take the place of everything else, and then it is a text or a list of them. */
function assertHeaders(headers: unknown): void {
  if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) return;
  const message = 'The query may have no parameter "headers".';
  throw new HearthError('invalid-event', message, { field: 'headers' });
}

/** The head of the request, in the shape that `authenticate` knows. */
function headOf({ headers, query = {} }: FaasContext): RequestHead {
  const token = Object.hasOwn(Object(query) as object, 'access_token') ? query['access_token'] : '';
  const distinct = Object.entries(headers).map(([name, value]) => [name, [value ?? []].flat()]);
  return {
    headers: headers as RequestHead['headers'],
    headersDistinct: Object.fromEntries(distinct) as RequestHead['headersDistinct'],
    url: typeof token === 'string' ? `/?access_token=${encodeURIComponent(token)}` : '/',
  };
}

function requestOf({ headers, body, rawBody }: FaasContext, principal: HttpSender): HttpRequest {
  return { headers, principal, body: bodyOf(headers, rawBody ?? body) };
}

function bodyOf(headers: FaasContext['headers'], body: unknown): Body {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  const isJson = /[/+]json/i.test(String(headers['content-type'] ?? ''));
  // Where nothing came there is nothing parsed either; JSON without a body it refuses.
  if (body === undefined || (body === null && !isJson)) return '';
  // What it has parsed is JSON again; a form would need to be known as it came.
  if (isJson) return JSON.stringify(body);
  const message = 'The body has been parsed: start the runtime with --include-raw.';
  throw new HearthError('unsupported-media-type', message, { field: 'content-type' });
}
