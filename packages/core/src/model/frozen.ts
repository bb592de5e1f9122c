/** A JSON value that nobody can change: a copy, unless it is one already. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, frozen<unknown>(one)] as const);
  const given = value as Readonly<Record<string, unknown>>;
  if (Object.isFrozen(value) && entries.every(([key, one]) => one === given[key])) return value;
  const copy = Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
  return Object.freeze(copy) as T;
}
