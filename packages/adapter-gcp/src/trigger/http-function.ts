import type { IncomingMessage, ServerResponse } from 'node:http';
import { HearthError, type Runtime } from '@hearth/core';
import { httpFailure, type HttpAnswer, type HttpSender } from '@hearth/core/trigger';
import { during } from './cloud-logger.ts';

/**
 * A request of `http` of `@google-cloud/functions-framework`, of Express, or of a `node:http` server of your own on Cloud Run. What has read
 * the body already has left it in `rawBody` or `body`.
 */
export type HttpRequest = IncomingMessage & {
  readonly rawBody?: Uint8Array | undefined;
  readonly body?: unknown;
};

/** A function for `http` of the framework, for Express, or for a `node:http` server. */
export type HttpFunction = (request: HttpRequest, response: ServerResponse) => Promise<void>;

/** Makes a function of what it answers. Whatever goes wrong becomes an answer, and nothing of it reaches the sender. */
export function httpFunction(
  runtime: Runtime,
  answerTo: (request: HttpRequest) => Promise<HttpAnswer>,
): HttpFunction {
  return async (request, response) => {
    let answer: HttpAnswer;
    try {
      answer = await during(request.headers['traceparent'], () => answerTo(request));
    } catch (error) {
      answer = httpFailure(error, runtime);
    }
    if (response.destroyed || response.headersSent) return;
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers ?? {})) {
      response.setHeader(name, value);
    }
    response.end(answer.body);
  };
}

/**
 * The body of a request.
 *
 * @throws {HearthError} `limit-exceeded`, as soon as it is longer than `maxBytes`.
 */
export async function bodyOf(request: HttpRequest, maxBytes: number): Promise<Uint8Array> {
  const { body, rawBody = takenIn(body, request) } = request;
  if (rawBody !== undefined) return limited(rawBody, maxBytes);
  let size = 0;
  const chunks: Buffer[] = [];
  // The connection is still needed, for the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) break;
    chunks.push(chunk as Buffer);
  }
  return limited(Buffer.concat(chunks), maxBytes, size);
}

/** What something has made of the body that has read it before us. */
function takenIn(body: unknown, { readableEnded }: HttpRequest): Uint8Array | undefined {
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return Buffer.from(body as string);
  return body === undefined || !readableEnded ? undefined : Buffer.from(JSON.stringify(body));
}

function limited(body: Uint8Array, maxBytes: number, size = body.length): Uint8Array {
  if (size <= maxBytes) return body;
  const message = `The body exceeds maxBytes, which is ${maxBytes}.`;
  throw new HearthError('limit-exceeded', message, { field: 'body' });
}

const unproved: HttpAnswer = { status: 401, headers: { 'www-authenticate': 'Bearer' } };
const uncheckable: HttpAnswer = { status: 503 };

/** What a sender is told of whom it is not known who it is: 401, and 503 if that could not be found out now. */
export function refusalOf(sender: HttpSender): HttpAnswer | undefined {
  if (sender === undefined) return unproved;
  return sender === 'unknown' ? uncheckable : undefined;
}

/** The answer to anything but a POST. */
export const postOnly: HttpAnswer = { status: 405, headers: { allow: 'POST' } };
