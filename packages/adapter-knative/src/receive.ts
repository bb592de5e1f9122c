import type { IncomingMessage } from 'node:http';
import type { App, Runtime } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import {
  httpFailure,
  httpReceiver,
  httpSender,
  type HandleInputs,
  type HttpAnswer,
} from '@hearth/core/trigger';
import { hideToken } from './auth.ts';
import { decompress, encodingOf, readBody } from './body.ts';
import type { KnativeOptions } from './options.ts';

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
  const { compressed = false } = options;
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const receive = httpReceiver(app, runtime, { ...options, handle: handleInputs });

  return async (request) => {
    hideToken(request);
    const { method, rawHeaders } = request;
    const headers = pairsOf(rawHeaders);
    if (method !== 'POST') return receive({ method, headers, principal: undefined });
    try {
      const encoding = encodingOf(request, compressed);
      const principal = await httpSender(options.auth, request, runtime);
      // Of nobody's request the body is not read.
      if (typeof principal !== 'object') return await receive({ headers, principal });
      const sent = await readBody(request, maxBytes);
      const body = encoding === undefined ? sent : await decompress(sent, encoding, maxBytes);
      return await receive({ headers, body, principal });
    } catch (error) {
      return httpFailure(error, runtime);
    }
  };
}

// Node joins the values of a header that is sent twice, which would let one attribute hide in another.
function pairsOf(raw: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at] as string, raw[at + 1] as string]);
  return pairs;
}
