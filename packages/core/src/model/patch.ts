/** The part of a patch that would change something, or `undefined` if all of it is there already. */
export function changesOf<S extends object>(state: S, patch: Partial<S>): Partial<S> | undefined {
  let changes: Partial<S> | undefined;
  for (const key of Object.keys(patch) as (keyof S & string)[]) {
    if (patch[key] === undefined || same(state[key], patch[key])) continue;
    changes ??= {};
    changes[key] = patch[key];
  }
  return changes;
}

/** Whether two JSON values are equal; the order of an object's keys does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a, b] as readonly Readonly<Record<string, unknown>>[];
  return keys.every((key) => Object.hasOwn(b, key) && same(left?.[key], right?.[key]));
}
