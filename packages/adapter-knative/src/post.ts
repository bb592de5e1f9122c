import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import type { PublishResult } from '@hearth/core';
import type { HttpOutput } from '@hearth/core/event';
import { resultOf, unanswered } from './sink-answer.ts';
import type { SinkSettings } from './sink-options.ts';

/** A kept-alive connection pool to one address. */
export interface Poster {
  /** Sends one message and says what the answer means; never rejects. */
  post(message: HttpOutput): Promise<PublishResult>;
  close(): void;
}

/** Opens a pool of at most `concurrency` connections; what is beyond waits for a free one. */
export function poster({ url, ca, concurrency, timeoutMs }: SinkSettings): Poster {
  const isSecure = url.protocol === 'https:';
  const pool = { keepAlive: true, maxSockets: concurrency, maxFreeSockets: concurrency };
  const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agent = isSecure ? new HttpsAgent({ ...pool, ...trusted }) : new HttpAgent(pool);
  const open = isSecure ? httpsRequest : httpRequest;
  const target: RequestOptions = { ...urlToHttpOptions(url), agent, method: 'POST' };

  const send = ({ headers, body }: HttpOutput, isFirst: boolean): Promise<PublishResult> =>
    new Promise((resolve) => {
      const request = open({ ...target, headers });
      let isLate = false;
      let timer: NodeJS.Timeout | undefined;
      // Time runs from the connection, not in the queue for one. It also bounds a body that never ends; nobody reads it.
      request.on('socket', () => {
        timer = setTimeout(() => {
          isLate = true;
          request.destroy();
        }, timeoutMs);
      });
      request.on('close', () => clearTimeout(timer));
      request.on('response', (response) => {
        response.on('error', () => undefined).resume();
        resolve(resultOf(response.statusCode ?? 0, response.headers['retry-after']));
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The other side had closed a connection that was kept; nobody has read the request.
        const isStale = request.reusedSocket && /ECONNRESET|EPIPE/.test(error.code ?? '');
        if (isStale && isFirst && !isLate) resolve(send({ headers, body }, false));
        else resolve(unanswered(error, isLate ? timeoutMs : undefined));
      });
      request.end(body);
    });
  return { post: (message) => send(message, true), close: () => agent.destroy() };
}
