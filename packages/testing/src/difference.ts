/** `partial` lets objects have more properties than expected. */
export type Strictness = 'exact' | 'partial';

/**
 * Where two JSON values differ, one line each: `path: expected 18, got 17`. No line, no difference.
 *
 * The order of an object's keys does not matter; a property that is `undefined` is one that is absent.
 */
export function differences(
  expected: unknown,
  actual: unknown,
  strictness: Strictness = 'exact',
  path = '',
): readonly string[] {
  if (Object.is(expected, actual)) return [];
  if (!isObject(expected) || !isObject(actual) || isArray(expected) !== isArray(actual)) {
    return [`${path === '' ? '' : `${path}: `}expected ${shown(expected)}, got ${shown(actual)}`];
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap((key) => {
    if (strictness === 'partial' && !isArray(expected) && !Object.hasOwn(expected, key)) return [];
    const at = path === '' ? key : `${path}.${key}`;
    return differences(expected[key], actual[key], strictness, at);
  });
}

/** A JSON value as text, at most 200 characters of it. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null;
const isArray = (value: unknown): boolean => Array.isArray(value);
