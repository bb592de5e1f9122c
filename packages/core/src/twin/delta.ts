import { isDocument, same, type Document, type Path } from './document.ts';

/** How far a reported number may be from the desired one and still be the same, by path. */
export type Tolerance = (path: Path) => number;

const exact: Tolerance = () => 0;

/**
 * What a device still has to do: the leaves of `desired` that `reported` lacks or has otherwise. `undefined` if there is none. What is
 * reported besides is not in it.
 */
export function deltaOf(
  desired: Document,
  reported: Document,
  tolerance: Tolerance = exact,
  path: Path = [],
): Document | undefined {
  let delta: Record<string, unknown> | undefined;
  for (const name of Object.keys(desired)) {
    const wanted = desired[name];
    const current = Object.hasOwn(reported, name) ? reported[name] : undefined;
    const open = openOf(wanted, current, tolerance, path, name);
    if (open === undefined) continue;
    delta ??= {};
    delta[name] = open;
  }
  return delta;
}

function openOf(
  wanted: unknown,
  current: unknown,
  tolerance: Tolerance,
  path: Path,
  name: string,
): unknown {
  if (isDocument(wanted) && isDocument(current))
    return deltaOf(wanted, current, tolerance, [...path, name]);
  if (typeof wanted === 'number' && typeof current === 'number')
    return Math.abs(wanted - current) <= tolerance([...path, name]) ? undefined : wanted;
  return same(wanted, current) ? undefined : wanted;
}
