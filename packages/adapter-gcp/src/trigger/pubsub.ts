import { handle, type App, type Input } from '@hearth/core';
import { carefully, httpAnswer, httpSender, type HttpAnswer } from '@hearth/core/trigger';
import { googleCaller, type GoogleCaller } from './google-caller.ts';
import { bodyOf, httpFunction, postOnly, refusalOf, type HttpFunction } from './http-function.ts';
import { runtimeOf, timed, type GcpOptions } from './options.ts';
import { readDelivery, type PubsubDecodeOptions } from './pubsub-message.ts';

/** How pushes of Pub/Sub are taken. */
export interface PubsubOptions extends GcpOptions, PubsubDecodeOptions {
  /** Whose pushes are let in: the service account of the subscription's `oidc_token`. */
  readonly caller: GoogleCaller;
}

const done: HttpAnswer = { status: 204 };
// A message has 10 MB at most, its base64 a third more, and its attributes are bounded.
const maxPushBytes = 14_500_000;
// Messages are kept for 7 days unless the subscription says otherwise.
const retentionMs = 7 * 86_400_000;

/**
 * Runs an app on the messages that Pub/Sub pushes, with its token: `functions.http('readings', pubsub(home, { … }))`, or behind a path of a
 * server on Cloud Run.
 *
 * A message is acknowledged (204) when it is done, or in the dead letters; anything else makes Pub/Sub deliver it again, a 4xx too. So what
 * can never be handled is acknowledged after the dead letters have accepted it. A call without a valid token is answered with 401.
 *
 * @throws {HearthError} `invalid-option` for a caller that nobody can be.
 */
export function pubsub(app: App, options: PubsubOptions): HttpFunction {
  const runtime = runtimeOf(options, retentionMs, options.principal !== undefined);
  const { timeoutMs } = options;
  const caller = googleCaller(options.caller);
  return httpFunction(runtime, async (request) => {
    if (request.method !== 'POST') return postOnly;
    const within = timed(runtime, timeoutMs);
    const refused = refusalOf(await httpSender(caller, request, within));
    if (refused !== undefined) return refused;
    const body = await bodyOf(request, maxPushBytes);
    const { traceparent } = request.headers;
    const answer = httpAnswer(
      await handle(app, decodePubsub(body, options, { traceparent }), within),
    );
    // Google's emulator takes 202 for a refusal, which Pub/Sub itself does not.
    return answer.status < 300 ? done : answer;
  });
}

/**
 * Reads the body of a push, as `pubsub` does; never throws.
 *
 * A CloudEvent is looked for by the attribute `content-type` (structured), among the attributes that begin with `ce-` (binary), and in a JSON
 * payload without a content type; anything else is what `plain` says.
 */
export function decodePubsub(
  body: Uint8Array | string,
  options: PubsubDecodeOptions = {},
  around: { readonly traceparent?: unknown } = {},
): readonly [Input] {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  const read = () => [readDelivery(parsed(text), text, options, around)] as const;
  return carefully(text, read);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
