import { isDocument, same, type Document, type Path } from './document.ts';

/** What a merge patch goes into: an object, and no array. */
export type Mergeable = { readonly [name: string]: unknown };

/** A merge patch (RFC 7396) for an object: any of its properties, and in objects again any of theirs; `null` for what may be missing. */
export type MergePatch<S> = {
  readonly [K in keyof S]?:
    | (S[K] extends readonly unknown[] ? S[K] : S[K] extends object ? MergePatch<S[K]> : S[K])
    | (undefined extends S[K] ? null : string extends K ? null : never);
};

/**
 * Whether `null` at a path is a value that is kept there. Elsewhere it removes (RFC 7396, which knows no `null` as a value); a property whose
 * schema takes `null` has no other way to become `null`.
 */
export type KeepsNull = (path: Path) => boolean;

/** RFC 7396 as it stands: `null` always removes. */
export const removesNull: KeepsNull = () => false;

/** The part of a merge patch (RFC 7396) that changes something, or `undefined` if there is none: arrays replace as a whole. */
export function minimised(
  document: Document,
  patch: Document,
  keeps: KeepsNull = removesNull,
  path: Path = [],
): Document | undefined {
  let changes: Record<string, unknown> | undefined;
  for (const name of Object.keys(patch)) {
    const wanted = patch[name];
    if (wanted === undefined) continue;
    const current = Object.hasOwn(document, name) ? document[name] : undefined;
    const change = changeOf(current, wanted, keeps, path, name);
    if (change === undefined) continue;
    changes ??= {};
    put(changes, name, change);
  }
  return changes;
}

function changeOf(
  current: unknown,
  wanted: unknown,
  keeps: KeepsNull,
  path: Path,
  name: string,
): unknown {
  if (wanted === null) {
    const isThere = keeps([...path, name]) ? current !== null : current !== undefined;
    return isThere ? null : undefined;
  }
  if (!isDocument(wanted)) return same(current, wanted) ? undefined : wanted;
  const at = [...path, name];
  if (isDocument(current)) return minimised(current, wanted, keeps, at);
  return merged({}, wanted, keeps, at);
}

/** A document with a merge patch (RFC 7396) applied. What the patch does not touch is shared with the document, which stays as it is. */
export function merged(
  document: Document,
  patch: Document,
  keeps: KeepsNull = removesNull,
  path: Path = [],
): Document {
  // For a thousand properties, a hundred times as fast as a spread.
  const next = Object.assign({}, document) as Record<string, unknown>;
  for (const name of Object.keys(patch)) {
    const wanted = patch[name];
    if (wanted === undefined) continue;
    if (wanted === null && !keeps([...path, name])) {
      delete next[name];
    } else if (isDocument(wanted)) {
      const current = Object.hasOwn(next, name) ? next[name] : undefined;
      const part = merged(isDocument(current) ? current : {}, wanted, keeps, [...path, name]);
      put(next, name, part);
    } else {
      put(next, name, wanted);
    }
  }
  return next;
}

// An assignment to `__proto__` would not make a property.
function put(next: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') next[name] = value;
  else
    Object.defineProperty(next, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

/** A patch without some of its leaves; `undefined` if nothing is left. */
export function without(
  patch: Document,
  isLeft: (path: Path) => boolean,
  path: Path = [],
): Document | undefined {
  const kept = Object.entries(patch).flatMap(([name, value]) => {
    const at = [...path, name];
    if (!isDocument(value) || Object.keys(value).length === 0) {
      return isLeft(at) ? [[name, value] as const] : [];
    }
    const part = without(value, isLeft, at);
    return part === undefined ? [] : [[name, part] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
