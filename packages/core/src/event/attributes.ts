import { isBase64 } from './base64.ts';
import type { CloudEvent } from './cloud-event.ts';
import { invalid } from './error.ts';
import { checkLimit, type Limits } from './limits.ts';
import { kindOf, mediaType } from './media-type.ts';
import { timestamp } from './time.ts';

/** What a text must be, as a test and in words. */
type Rule = readonly [pattern: { test(text: string): boolean }, must: string];

const filled: Rule = [/./s, 'must be a non-empty string'];
// The characters of RFC 3986 §2, with whole escapes and one fragment.
const reference: Rule = [
  /^(?!.*(?:%(?![\da-f]{2})|#.*#))[!#-;=?-[\]_a-z~]+$/i,
  'must be a percent-encoded URI-reference',
];
const absolute: Rule = [
  /^(?!.*(?:%(?![\da-f]{2})|#.*#))[a-z][a-z\d+.-]*:[!#-;=?-[\]_a-z~]+$/i,
  'must be a percent-encoded, absolute URI',
];
const time: Rule = [timestamp, 'must be an RFC 3339 timestamp with an offset'];
const integer: Rule = [/^(?:0|-?[1-9]\d*)$/, 'must be a 32-bit integer'];
const base64: Rule = [{ test: isBase64 }, 'must be padded, standard base64'];

// CloudEvents 1.0.2 §3.1, then the extensions; in the order in which they are written.
const rules = new Map<string, Rule>(
  Object.entries({
    specversion: [/^1\.0$/, 'must be "1.0"'],
    id: filled,
    source: reference,
    type: filled,
    subject: filled,
    time,
    datacontenttype: [mediaType, 'must be a media type'],
    dataschema: absolute,
    correlationid: filled,
    causationid: filled,
    traceparent: filled,
    tracestate: filled,
    partitionkey: filled,
    sequence: filled,
    expirytime: time,
    recordseq: filled,
    hearthdepth: integer,
    data_base64: base64,
  }),
);
const order = [...rules.keys()];

/**
 * Checks a whole event and gives it back, without the attributes that are `null` or `undefined`.
 *
 * It is the same object if nothing had to change; nothing is invented. The values follow the type
 * system of CloudEvents 1.0.2 §2.2. An integer that this package knows may also come as text,
 * which is all that headers can carry, and becomes a number.
 *
 * @throws {HearthError} `invalid-event` with the `field`, or `limit-exceeded`.
 */
export function checkEvent(candidate: unknown, limits?: Partial<Limits>): CloudEvent {
  // What is no object has no attributes, or those of an array, and is refused for that.
  let event = Object(candidate) as Readonly<Record<string, unknown>>;
  const names = Object.keys(event);
  checkLimit('event', names.length, 'maxAttributes', limits);
  for (const name of names) {
    const given = event[name];
    const value = checkValue(name, given, limits);
    if (value === given && value !== undefined) continue;
    const { [name]: _, ...others } = event;
    event = value === undefined ? others : { ...others, [name]: value };
  }
  for (const name of order.slice(0, 4)) if (!event[name]) throw invalid(name, 'is missing');
  const { data, data_base64, datacontenttype } = event as CloudEvent;
  if (data === undefined) return event as CloudEvent;
  if (data_base64 !== undefined) throw invalid('data', 'excludes "data_base64"');
  // CloudEvents 1.0.2 JSON format §3.1.2 allows this refusal; no other binding could carry it.
  if (kindOf(datacontenttype) !== 'json' && (typeof data !== 'string' || /\p{Cs}/u.test(data))) {
    throw invalid('data', 'must be well-formed text if "datacontenttype" is not JSON');
  }
  return event as CloudEvent;
}

/** Gives the value as an event holds it; `undefined` means that there is none. */
function checkValue(name: string, value: unknown, limits: Partial<Limits> | undefined): unknown {
  if (name === 'data') return value;
  const rule = rules.get(name);
  // `constructor` is the one inherited name that could pass for an attribute.
  if (!rule && !/^(?!constructor$|prototype$)[a-z\d]+$/.test(name)) {
    throw invalid(name, 'must have a name of a-z and 0-9');
  }
  if (value == null) return undefined;
  if (typeof value === 'string') {
    if (rule !== base64) checkLimit(name, value, 'maxAttributeBytes', limits);
    // CloudEvents 1.0.2 §2.2, String. Most texts are printable ASCII, which is told faster.
    if (/[^ -~]/.test(value) && /[\p{Cc}\p{Cs}\p{NChar}]/u.test(value)) {
      throw invalid(name, 'must have no control characters or lone surrogates');
    }
    if (rule && !rule[0].test(value)) throw invalid(name, rule[1]);
    if (rule !== integer) return value;
  }
  if (typeof value === 'boolean' && !rule) return value;
  const number = typeof value === 'string' ? Number(value) : value;
  // Also refuses NaN, fractions and -0, which JSON has and CloudEvents has not. What is no number is not made one: an object could throw.
  const isInteger = typeof number === 'number' && Object.is(number | 0, number);
  if ((rule ?? integer) === integer && isInteger) return number;
  throw invalid(name, rule ? rule[1] : 'must be a string, boolean or 32-bit integer');
}

/**
 * Gives a checked event with its attributes in the order in which they are written: those of the
 * specification, known extensions, all others by name, and the data.
 */
export function inOrder(event: CloudEvent): CloudEvent {
  const ordered: Record<string, unknown> = {};
  const others = Object.keys(event).filter((name) => !rules.has(name) && name !== 'data');
  for (const name of [...order, ...others.toSorted(), 'data']) {
    if (event[name] !== undefined) ordered[name] = event[name];
  }
  return ordered as CloudEvent;
}
