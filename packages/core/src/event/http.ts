import { readBinary, structuredType, writeBinary } from './binary.ts';
import type { CloudEvent } from './cloud-event.ts';
import { invalid, type HearthError } from './error.ts';
import { decodeBatch, decodeStructured, encodeBatch, encodeStructured } from './json.ts';
import type { Limits } from './limits.ts';
import { formatOf, unsupported } from './media-type.ts';
import type { Body } from './utf8.ts';

/** Headers as a record (Node, Lambda) or as pairs (`Headers` of fetch, a `Map`), in any case. */
export type HttpHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

/** What is needed of an HTTP request or response that may hold events. */
export interface HttpInput {
  readonly headers: HttpHeaders;
  readonly body?: Body | null | undefined;
}

/** What an HTTP request or response must have to hold events. A body of `''` is an empty one. */
export interface HttpOutput {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** The content modes of CloudEvents 1.0.2 HTTP binding §3. */
export type HttpMode = 'binary' | 'structured' | 'batch';

/** The events of an HTTP message: exactly one, unless it is a batch. */
export type HttpEvents =
  | { readonly mode: 'binary' | 'structured'; readonly events: readonly [CloudEvent] }
  | { readonly mode: 'batch'; readonly events: readonly (CloudEvent | HearthError)[] };

const contentType = 'content-type';

/**
 * Tells in which mode an HTTP message holds events; `undefined` if it holds none.
 *
 * @throws {HearthError} `unsupported-media-type` for events in a format other than JSON.
 */
export function httpMode(headers: HttpHeaders): HttpMode | undefined {
  return modeOf(announced(headers));
}

/**
 * Reads the events of an HTTP message in any mode (CloudEvents 1.0.2 HTTP binding §3).
 *
 * What is wrong with the message, or with its only event, is thrown; what is wrong with one event
 * of a batch stands in its place.
 *
 * @throws {HearthError} `unsupported-media-type`, `invalid-event` with the `field`, or
 * `limit-exceeded`.
 */
export function decodeHttp(message: HttpInput, limits?: Partial<Limits>): HttpEvents {
  const headers = announced(message.headers);
  const body = message.body ?? '';
  const mode = modeOf(headers);
  if (mode === 'batch') return { mode, events: decodeBatch(body, limits) };
  if (mode === 'structured') return { mode, events: [decodeStructured(body, limits)] };
  if (mode === undefined) throw unsupported();
  const type = headers.get(contentType);
  headers.delete(contentType);
  const pairs = [...headers].map(
    ([name, value]) => [name.slice(3), percentDecode(name, value)] as const,
  );
  return { mode, events: [readBinary(pairs, type, body, limits)] };
}

/**
 * Writes an event in binary mode: attributes as `ce-` headers, data as the body.
 *
 * Data without `datacontenttype` is JSON and is labelled so, because outside of the JSON format
 * the label cannot be left out (JSON format §3.1.2).
 *
 * @throws {HearthError} `invalid-event` with the `field`, or `unsupported-media-type` if the data
 * is itself labelled as a CloudEvent, which a reader would take for structured mode.
 */
export function encodeHttpBinary(event: CloudEvent, limits?: Partial<Limits>): HttpOutput {
  const { type, attributes, body } = writeBinary(event, limits);
  const headers: Record<string, string> = type === undefined ? {} : { [contentType]: type };
  for (const [name, value] of attributes) headers[`ce-${name}`] = percentEncode(value);
  return { headers, body };
}

/**
 * Writes an event in structured mode.
 *
 * @throws {HearthError} `invalid-event` with the `field`.
 */
export function encodeHttpStructured(event: CloudEvent, limits?: Partial<Limits>): HttpOutput {
  return { headers: { [contentType]: structuredType }, body: encodeStructured(event, limits) };
}

/**
 * Writes a batch of events. Send one only to a receiver that asked for batches (§1.3).
 *
 * @throws {HearthError} `invalid-event` if one of them is not valid.
 */
export function encodeHttpBatch(
  events: readonly CloudEvent[],
  limits?: Partial<Limits>,
): HttpOutput {
  return {
    headers: { [contentType]: structuredType.replace('+', '-batch+') },
    body: encodeBatch(events, limits),
  };
}

/** Gives the headers that CloudEvents speaks of, by their names in lower case. */
function announced(headers: HttpHeaders): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (value === undefined || !/^ce-|^content-type$/.test(lower)) continue;
    if (typeof value !== 'string' || found.has(lower))
      throw invalid(lower.replace('ce-', ''), 'must be sent once');
    found.set(lower, value);
  }
  return found;
}

function modeOf(headers: ReadonlyMap<string, string>): HttpMode | undefined {
  const format = formatOf(headers.get(contentType));
  return format ?? (headers.has('ce-specversion') ? 'binary' : undefined);
}

/** CloudEvents 1.0.2 HTTP binding §3.1.3.2: quoted strings first, then percent signs, once. */
function percentDecode(name: string, header: string): string {
  const value = header.replaceAll(/"((?:[^"\\]|\\.)*)("?)/g, (_, text: string, end: string) =>
    // Without its end it is no quoted string; a lone percent sign fails below.
    end ? text.replaceAll(/\\(.)/g, '$1') : '%',
  );
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalid(name.slice(3), 'must be percent-encoded UTF-8 with paired quotes');
  }
}

function percentEncode(value: string): string {
  return value.replaceAll(/[^!#-$&-~]/gu, encodeURIComponent);
}
