import type { IncomingMessage, ServerResponse } from 'node:http';
import { HearthError, type Runtime } from '@hearth/core';
import { httpFailure, type HttpAnswer } from '@hearth/core/trigger';

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
      answer = await answerTo(request);
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
 * @throws {HearthError} `limit-exceeded`, as soon as it is longer than `maxBytes` or says that it will be.
 */
export async function bodyOf(request: HttpRequest, maxBytes: number): Promise<Uint8Array | string> {
  const { rawBody, body } = request;
  if (rawBody !== undefined) return limited(rawBody, rawBody.length, maxBytes);
  if (typeof body === 'string') return limited(body, Buffer.byteLength(body), maxBytes);
  if (ArrayBuffer.isView(body)) return limited(body as Uint8Array, body.byteLength, maxBytes);
  // Something has parsed the body and kept nothing of it.
  if (body !== undefined && request.readableEnded) return JSON.stringify(body);
  if (Number(request.headers['content-length']) > maxBytes) throw tooLong(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function limited<T>(body: T, size: number, maxBytes: number): T {
  if (size > maxBytes) throw tooLong(maxBytes);
  return body;
}

function tooLong(maxBytes: number): HearthError {
  const message = `The body exceeds maxBytes, which is ${maxBytes}.`;
  return new HearthError('limit-exceeded', message, { field: 'body' });
}

const unproved: HttpAnswer = { status: 401, headers: { 'www-authenticate': 'Bearer' } };
const uncheckable: HttpAnswer = { status: 503 };

/** Who is speaking, or what a sender is told of whom that is not known: 401, and 503 if it could not be found out now. */
export async function prove<P>(
  find: () => P | undefined | Promise<P | undefined>,
  { logger }: Runtime,
): Promise<{ readonly principal: P } | { readonly answer: HttpAnswer }> {
  try {
    const principal = await find();
    return principal === undefined ? { answer: unproved } : { principal };
  } catch (error) {
    logger?.error({ err: error }, 'Who is speaking could not be checked.');
    return { answer: uncheckable };
  }
}

/** The answer to anything but a POST. */
export const postOnly: HttpAnswer = { status: 405, headers: { allow: 'POST' } };
