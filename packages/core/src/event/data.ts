import { fromBase64, toBase64 } from './base64.ts';
import type { CloudEvent } from './cloud-event.ts';
import { invalid } from './error.ts';
import { checkLimit, checkShape, type Limits } from './limits.ts';
import { kindOf } from './media-type.ts';
import { toBytes, toText, type Body } from './utf8.ts';

/**
 * Parses JSON within the limits. `envelope` is how many levels there are around `data`.
 *
 * @throws {HearthError} `limit-exceeded`, or `invalid-event` if it is not JSON.
 */
export function parseJson(body: Body, envelope: number, limits?: Partial<Limits>): unknown {
  checkLimit('body', body, 'maxBytes', limits);
  const text = toText(body);
  checkShape(text, envelope, limits);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes what it read, so it is not kept as a cause.
    throw invalid('body', 'must be JSON');
  }
}

/**
 * Writes a value as JSON text.
 *
 * @throws {HearthError} `invalid-event` if it is circular, too deep, or nothing that JSON knows.
 */
export function writeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The reason stays out, because it can quote the value.
  }
  if (text !== undefined) return text;
  throw invalid('data', 'must be JSON');
}

/**
 * Adds the body of a message in binary mode to its event, as data of the event's media type.
 *
 * An empty body is no data if the type is JSON or missing.
 *
 * @throws {HearthError} `limit-exceeded`, or `invalid-event` if the body is not of the type.
 */
export function readData(
  event: Record<string, unknown>,
  body: Body,
  limits?: Partial<Limits>,
): void {
  checkLimit('body', body, 'maxBytes', limits);
  const type = event['datacontenttype'] as string | undefined;
  const kind = kindOf(type);
  if (kind === 'json' && body.length === 0) return;
  if (type === undefined || kind === 'bytes') event['data_base64'] = toBase64(toBytes(body));
  else event['data'] = kind === 'json' ? parseJson(body, 0, limits) : toText(body);
}

/** Gives the body of a message in binary mode. */
export function writeData({ data, data_base64, datacontenttype }: CloudEvent): Body {
  if (data_base64 !== undefined) return fromBase64(data_base64);
  if (data === undefined) return '';
  return kindOf(datacontenttype) === 'json' ? writeJson(data) : (data as string);
}
