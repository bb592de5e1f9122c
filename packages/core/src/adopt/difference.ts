/** One place at which two JSON values differ: `data.occupiedHeatingSetpoint`. A side that has nothing there is `undefined`. */
export interface Difference {
  readonly at: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null;

/** Where two JSON values differ; the order of an object's keys does not matter. */
export function differencesOf(ours: unknown, theirs: unknown, at = 'data'): readonly Difference[] {
  if (Object.is(ours, theirs)) return [];
  if (!isObject(ours) || !isObject(theirs) || Array.isArray(ours) !== Array.isArray(theirs))
    return [{ at, ours, theirs }];
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].flatMap((key) => {
    // A property may be named like what every object inherits.
    const [a, b] = [ours, theirs].map((one) => (Object.hasOwn(one, key) ? one[key] : undefined));
    return differencesOf(a, b, `${at}.${key}`);
  });
}
