import { HearthError } from './error.ts';
import { toBytes } from './utf8.ts';

/** The names of the parameters in a pattern: `'device'` for `'device/{device}/temperature'`. */
export type TopicParams<P extends string> = P extends `${string}{${infer N}}${infer Rest}`
  ? N | TopicParams<Rest>
  : never;

/** A family of topics, to subscribe to, to read and to build. */
export interface TopicPattern<P extends string = string> {
  readonly pattern: P;
  /** The MQTT topic filter that matches every topic of the family: `device/+/temperature`. */
  readonly filter: string;
  /** Gives the parameters of a topic; `undefined` if `build` would never have made it. */
  match(topic: string): Readonly<Record<TopicParams<P>, string>> | undefined;
  /**
   * Gives the topic for these parameters. Whatever they contain, it is one topic of the family.
   *
   * @throws {HearthError} `invalid-topic` if one is empty or has lone surrogates, or the topic
   * would have more than 65,535 bytes.
   */
  build(params: Readonly<Record<TopicParams<P>, string>>): string;
}

const maxBytes = 65_535;
const parameter = /^\{([A-Za-z]\w*)\}$/;
const plain = /^(?!\.\.?$)[\w.:-]+$/;
const fixed = /^[^+#{}\p{Cc}\p{Cs}]+$/u;

/**
 * Describes a family of MQTT topics, such as `device/{device}/temperature`.
 *
 * A parameter is a whole level. Letters, digits and `_ . : -` stand for themselves in it; every
 * other byte of its UTF-8 is `=` and two hexadecimal digits, as are the dots of `.` and `..`. So
 * no value can be a wildcard, a level of its own, or a reserved topic, and two values never make
 * one topic. The sign is not `%` because gateways undo that encoding on the way.
 *
 * @throws {HearthError} `invalid-topic` if the pattern has empty levels, wildcards, a name twice,
 * or braces around something else than a name.
 */
export function topicPattern<const P extends string>(pattern: P): TopicPattern<P> {
  const levels = pattern.split('/').map(parseLevel);
  const names = levels.flatMap((level) => (typeof level === 'string' ? [] : level.name));
  if (new Set(names).size < names.length) throw refusal('A topic pattern has a name twice');
  return {
    pattern,
    filter: levels.map((level) => (typeof level === 'string' ? level : '+')).join('/'),
    match: (topic) => match(levels, topic) as Record<TopicParams<P>, string> | undefined,
    build: (params) => build(levels, params),
  };
}

/** A fixed text, or the name of a parameter. */
type Level = string | { readonly name: string };

function parseLevel(level: string): Level {
  const name = parameter.exec(level)?.[1];
  if (name !== undefined) return { name };
  if (fixed.test(level)) return level;
  throw refusal('Each level of a topic pattern must be a {name}, or a text without + # { }');
}

function match(levels: readonly Level[], topic: string): Record<string, string> | undefined {
  const texts = topic.split('/');
  if (texts.length !== levels.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, level] of levels.entries()) {
    const text = texts[i] as string;
    if (typeof level === 'string') {
      if (level !== text) return undefined;
      continue;
    }
    const value = unescape(text);
    if (value === undefined) return undefined;
    params[level.name] = value;
  }
  return params;
}

function build(levels: readonly Level[], params: Readonly<Record<string, string>>): string {
  const texts = levels.map((level) =>
    typeof level === 'string' ? level : escape(level.name, params[level.name]),
  );
  const topic = texts.join('/');
  if (toBytes(topic).length > maxBytes) throw refusal(`The topic has more than ${maxBytes} bytes`);
  return topic;
}

function escape(name: string, value: string | undefined): string {
  if (!value || /\p{Cs}/u.test(value)) {
    throw refusal(`"${name}" must be a non-empty string without unpaired surrogates`, name);
  }
  if (plain.test(value)) return value;
  const unsafe = /^\.\.?$/.test(value) ? /\./g : /[^\w.:-]/gu;
  return value.replaceAll(unsafe, (char) => Array.from(toBytes(char), escapeByte).join(''));
}

function escapeByte(byte: number): string {
  return `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Undoes `escape`, and nothing else: a level in another spelling is not one of ours. */
function unescape(text: string): string | undefined {
  if (plain.test(text)) return text;
  try {
    const value = decodeURIComponent(text.replaceAll('=', '%'));
    return escape('', value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function refusal(what: string, field?: string): HearthError {
  return new HearthError('invalid-topic', `${what}.`, field === undefined ? {} : { field });
}
