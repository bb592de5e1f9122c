/** One half of a twin, or a part of it: a JSON object. */
export type Document = Readonly<Record<string, unknown>>;

/** Where a value is in a document: the names that lead to it. */
export type Path = readonly string[];

/** Whether a value is an object, which is merged and not replaced. */
export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are equal; the order of an object's keys does not matter. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a, b] as readonly Document[];
  return keys.every((key) => Object.hasOwn(b, key) && same(left?.[key], right?.[key]));
}

/** The leaves of a document or patch: everything in it that is no object, and every empty object. */
export function leavesOf(document: Document): readonly Path[] {
  const found: Path[] = [];
  const walk = (part: Document, path: Path) => {
    for (const [name, value] of Object.entries(part)) {
      const at = [...path, name];
      if (isDocument(value) && Object.keys(value).length > 0) walk(value, at);
      else found.push(at);
    }
  };
  walk(document, []);
  return found;
}

/** A document of the same shape, with the same for each leaf. */
export function filled(document: Document, leaf: unknown): Document {
  const next: Record<string, unknown> = {};
  for (const name of Object.keys(document)) {
    const part = document[name];
    next[name] = isDocument(part) && Object.keys(part).length > 0 ? filled(part, leaf) : leaf;
  }
  return next;
}

/** A document of the same shape, with something else for each leaf. */
export function mapped(
  document: Document,
  change: (path: Path, leaf: unknown) => unknown,
  path: Path = [],
): Document {
  const next: Record<string, unknown> = {};
  for (const name of Object.keys(document)) {
    const leaf = document[name];
    const at = [...path, name];
    next[name] =
      isDocument(leaf) && Object.keys(leaf).length > 0
        ? mapped(leaf, change, at)
        : change(at, leaf);
  }
  return next;
}

/** What is at a path, or `undefined`. */
export function valueAt(document: Document, path: Path): unknown {
  let value: unknown = document;
  for (const name of path) {
    if (!isDocument(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** A path as a JSON Pointer (RFC 6901): `/thermostat/occupiedHeatingSetpoint`. */
export function pointerOf(path: Path): string {
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The path that a JSON Pointer names. */
export function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}
