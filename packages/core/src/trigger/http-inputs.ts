import type { Input } from '../app/input.ts';
import { HearthError } from '../event/error.ts';
import {
  decodeHttp,
  httpMode,
  type HttpEvents,
  type HttpHeaders,
  type HttpMode,
} from '../event/http.ts';
import type { Limits } from '../event/limits.ts';
import { toText, type Body } from '../event/utf8.ts';
import type { Principal } from '../ports/principal.ts';
import { traceContext } from './trace-context.ts';

/** An HTTP request whose body has been read: headers as Node or `fetch` give them, or as pairs, in any case. */
export interface HttpMessage {
  readonly headers: HttpHeaders;
  readonly body?: Body | null | undefined;
}

/** How a request is read. */
export interface HttpInputsOptions {
  /** Who is speaking, as the channel proved it. */
  readonly principal: Principal;
  /** Whether a batch is taken; CloudEvents wants batches sent only to receivers that asked for them. */
  readonly batch?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The inputs of a request: one, or for a batch one per element. */
export interface HttpInputs {
  readonly mode: HttpMode;
  readonly inputs: readonly Input[];
}

/**
 * Reads the inputs of an HTTP request in binary, structured or, if asked for, batched mode.
 *
 * The `traceparent` header becomes that of the inputs; the events keep their own. An element of a batch that is no event becomes an
 * input that `handle` dead-letters, with the element's text as `raw`.
 *
 * @throws {HearthError} `unsupported-media-type`, `invalid-event` or `limit-exceeded` about the request as a whole: answer it with
 * `httpRefusal`.
 */
export function httpInputs(message: HttpMessage, options: HttpInputsOptions): HttpInputs {
  const headers = headerPairs(message.headers);
  const { type, traceparent } = scan(headers);
  if (options.batch !== true && isBatch.test(type) && httpMode(headers) === 'batch') {
    throw new HearthError(
      'unsupported-media-type',
      'Batches are not taken here: send single events, or set the option "batch".',
    );
  }
  const body = message.body ?? '';
  const decoded = decodeHttp({ headers, body }, options.limits);
  const { principal } = options;
  const common = traceparent === undefined ? { principal } : { principal, traceparent };
  return { mode: decoded.mode, inputs: inputsOf(decoded, body, common) };
}

type Pairs = readonly (readonly [name: string, value: string])[];
type Common = Pick<Input, 'principal' | 'traceparent'>;

const isBatch = /cloudevents-batch/i;

/**
 * Headers as pairs, from the `rawHeaders` of Node: it joins the values of a header that is sent twice elsewhere, which would let one
 * attribute hide in another.
 */
export function rawPairs(rawHeaders: readonly string[]): Pairs {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    pairs.push([rawHeaders[at] as string, rawHeaders[at + 1] as string]);
  }
  return pairs;
}

/** Headers as pairs. */
export function headerPairs(headers: HttpHeaders): Pairs {
  if (Symbol.iterator in headers) return Array.isArray(headers) ? (headers as Pairs) : [...headers];
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one: string) => [name, one] as const),
  );
}

/** Finds, in one pass, the headers that matter besides the attributes. */
function scan(headers: Pairs): { readonly type: string; readonly traceparent?: string } {
  let type = '';
  let traceparent: string | undefined;
  for (const [name, value] of headers) {
    if (name.length === 12 && name.toLowerCase() === 'content-type') type = value;
    else if (name.length === 11 && name.toLowerCase() === 'traceparent' && traceContext.test(value))
      traceparent = value;
  }
  return traceparent === undefined ? { type } : { type, traceparent };
}

function inputsOf({ mode, events }: HttpEvents, body: Body, common: Common): readonly Input[] {
  if (mode !== 'batch') return [{ event: events[0], ...common }];
  const isClean = events.every((event) => 'specversion' in event);
  // A dead letter needs the text of what is no event, and the codec keeps none; it has checked the depth already.
  const texts = isClean ? [] : (JSON.parse(toText(body)) as readonly unknown[]);
  return events.map((event, index) =>
    'specversion' in event
      ? { event, ...common }
      : { event, raw: JSON.stringify(texts[index]), ...common },
  );
}
