import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { HearthError } from '@hearth/core';

const nothing = Buffer.alloc(0);

/**
 * Reads the body of a request. If the sender goes away before its end, the promise stays open for ever.
 *
 * @throws {HearthError} `limit-exceeded`, as soon as the body is longer than `maxBytes` or says that it will be.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length']) > maxBytes)
    return Promise.reject(tooLong(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        request.off('data', take);
        reject(tooLong(maxBytes));
      }
    };
    request.on('data', take);
    request.on('end', () => {
      const [only = nothing] = chunks;
      resolve(chunks.length < 2 ? only : Buffer.concat(chunks, size));
    });
  });
}

/**
 * Throws away what still comes of a request that is answered already, so that its sender can finish and read the answer. When more than
 * twice `maxBytes` have come, the connection is cut.
 */
export function discard(request: IncomingMessage, maxBytes: number): void {
  if (request.complete) return;
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > 2 * maxBytes) request.destroy();
  });
}

function tooLong(maxBytes: number): HearthError {
  const message = `The body exceeds maxBytes, which is ${maxBytes}.`;
  return new HearthError('limit-exceeded', message, { field: 'body' });
}

const decompressors = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** An encoding that can be undone. */
export type Encoding = keyof typeof decompressors;

/**
 * The encoding of a compressed body; `undefined` if it is not compressed.
 *
 * @throws {HearthError} `unsupported-media-type` for an encoding that is not known, and for any if none is asked for.
 */
export function encodingOf(request: IncomingMessage, isAskedFor: boolean): Encoding | undefined {
  const header = request.headers['content-encoding'];
  const encoding = header?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return undefined;
  if (isAskedFor && Object.hasOwn(decompressors, encoding)) return encoding as Encoding;
  const fix = isAskedFor ? 'send gzip, deflate or br' : 'send it as it is';
  const field = 'content-encoding';
  throw new HearthError('unsupported-media-type', `The body is compressed; ${fix}.`, { field });
}

/**
 * Undoes a compression.
 *
 * @throws {HearthError} `limit-exceeded` if more than `maxBytes` would come of it, `invalid-event` if it is not what it says.
 */
export async function decompress(
  body: Buffer,
  encoding: Encoding,
  maxBytes: number,
): Promise<Buffer> {
  try {
    return await decompressors[encoding](body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLong(maxBytes);
    }
    const message = `The body is not valid ${encoding}.`;
    throw new HearthError('invalid-event', message, { field: 'body', cause });
  }
}
