import { invalid } from '../event/error.ts';

/** Properties of a message: a record, or pairs. A name with several values was sent several times. */
export type Attributes =
  | Readonly<Record<string, unknown>>
  | Iterable<readonly [name: string, value: unknown]>;

const attributeName = /^[a-z\d]+$/;

/**
 * The attributes of binary mode among the properties of a message; `undefined` without a `specversion`.
 *
 * Transports with types of their own may send numbers, booleans and instants; nothing is percent-decoded, which only HTTP does.
 *
 * @throws {HearthError} `invalid-event` for an attribute that came twice, or whose value no attribute can have.
 */
export function attributesOf(
  attributes: Attributes | null | undefined,
  prefix: string | readonly string[],
): readonly (readonly [name: string, value: string])[] | undefined {
  if (attributes === undefined || attributes === null) return undefined;
  const prefixes = typeof prefix === 'string' ? [prefix] : prefix;
  const found = new Map<string, unknown>();
  for (const [name, value] of pairsOf(attributes)) {
    const own = nameIn(name, prefixes);
    if (own === undefined || value === undefined || value === null) continue;
    // What came twice is refused below, if the message is an event at all.
    found.set(own, found.has(own) ? [] : value);
  }
  if (!found.has('specversion')) return undefined;
  return [...found].map(([name, value]) => [name, textOf(name, value)] as const);
}

function pairsOf(attributes: Attributes): Iterable<readonly [name: string, value: unknown]> {
  if (typeof attributes !== 'object') return [];
  return Symbol.iterator in attributes
    ? (attributes as Iterable<readonly [string, unknown]>)
    : Object.entries(attributes);
}

function nameIn(name: string, prefixes: readonly string[]): string | undefined {
  const prefix = prefixes.find((one) => name.startsWith(one));
  if (prefix === undefined) return undefined;
  if (prefix === '') return attributeName.test(name) ? name : undefined;
  return name.slice(prefix.length);
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  throw invalid(name, Array.isArray(value) ? 'must be sent once' : 'must be text');
}
