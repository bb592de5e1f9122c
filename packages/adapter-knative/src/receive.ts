import type { IncomingMessage } from 'node:http';
import type { App, Runtime } from '@hearth/core';
import { defaultLimits } from '@hearth/core/event';
import {
  httpFailure,
  httpReceiver,
  httpSender,
  rawPairs,
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
  const { compressed = false, deadlineMs = 25_000 } = options;
  const { maxBytes } = { ...defaultLimits, ...options.limits };
  const receive = httpReceiver(app, runtime, { ...options, handle: handleInputs });

  return async (request) => {
    hideToken(request);
    const { method, rawHeaders } = request;
    const headers = rawPairs(rawHeaders);
    if (method !== 'POST') return receive({ method, headers, principal: undefined });
    try {
      const encoding = encodingOf(request, compressed);
      const deadline = runtime.clock.now() + deadlineMs;
      const within = { ...runtime, deadline };
      const principal = await httpSender(options.authenticate, request, within);
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
