import { HearthError } from '@hearth/core';
import type { FunctionRequest } from './request.ts';

/**
 * Reads the body of a request.
 *
 * @throws {HearthError} `limit-exceeded`, as soon as the body is longer than `maxBytes` or says that it will be.
 */
export async function readBody(
  { headers, body }: FunctionRequest,
  maxBytes: number,
): Promise<Uint8Array> {
  if (Number(headers.get('content-length')) > maxBytes) throw tooLong(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLong(maxBytes: number): HearthError {
  const message = `The body exceeds maxBytes, which is ${maxBytes}.`;
  return new HearthError('limit-exceeded', message, { field: 'body' });
}
