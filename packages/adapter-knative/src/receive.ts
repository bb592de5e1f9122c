import type { IncomingMessage } from 'node:http';
import type { App, Principal, Runtime } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import {
  anonymous,
  httpFailure,
  httpReceiver,
  type HandleInputs,
  type HttpAnswer,
} from '@hearth/core/trigger';
import { hideToken, type Authenticate } from './auth.ts';
import { decompress, encodingOf, readBody } from './body.ts';
import type { KnativeOptions } from './options.ts';
import { quietly } from './quietly.ts';

/**
 * Gives the function that takes the events of a request and says what to answer; it never rejects. If the sender goes away, its promise
 * stays open.
 */
export function receiver(
  app: App,
  options: KnativeOptions,
  runtime: Runtime,
  handleInputs: HandleInputs,
): (request: IncomingMessage) => Promise<HttpAnswer> {
  const { auth = anonymous, compressed = false } = options;
  const authenticate: Authenticate = typeof auth === 'function' ? auth : () => auth;
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const receive = httpReceiver(app, runtime, { ...options, handle: handleInputs });

  return async (request) => {
    hideToken(request);
    const { method, rawHeaders } = request;
    const headers = pairsOf(rawHeaders);
    if (method !== 'POST') return receive({ method, headers, principal: undefined });
    try {
      const encoding = encodingOf(request, compressed);
      const principal = await prove(request, authenticate, runtime);
      if (principal === 'unknown') return uncheckable;
      if (principal === undefined) return await receive({ headers, principal });
      const sent = await readBody(request, maxBytes);
      const body = encoding === undefined ? sent : await decompress(sent, encoding, maxBytes);
      return await receive({ headers, body, principal });
    } catch (error) {
      return httpFailure(error, runtime);
    }
  };
}

const uncheckable: HttpAnswer = { status: 503 };

/** Who is speaking; `undefined` if nobody proved it, `unknown` if the proof could not be checked now. */
async function prove(
  request: IncomingMessage,
  authenticate: Authenticate,
  runtime: Runtime,
): Promise<Principal | 'unknown' | undefined> {
  try {
    const principal = (await authenticate(request)) as Partial<Principal> | null | undefined;
    if (principal === undefined || principal === null) return undefined;
    const { kind, id } = principal;
    if (typeof kind === 'string' && typeof id === 'string') return principal as Principal;
    throw new TypeError('auth must give a principal with kind and id, or undefined');
  } catch (error) {
    quietly(() => runtime.logger?.error({ err: error }, 'Who is speaking could not be checked.'));
    return 'unknown';
  }
}

// Node joins the values of a header that is sent twice, which would let one attribute hide in another.
function pairsOf(raw: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] as string, raw[at + 1] as string]);
  return pairs;
}
