import { describe, partsOf } from './json-schema.ts';
import type { Issue } from './issue.ts';
import type { Schema } from './schema.ts';

/** What stands in the place of a personal value. */
export const redacted = '[personal]';

interface Marked {
  meta?(): unknown;
  readonly pipe?: unknown;
  readonly _zod?: unknown;
}

interface Registry {
  get(schema: object): unknown;
}

// Where zod, in all its builds, keeps what `.meta(…)` and `z.globalRegistry` say.
const registry = (): Registry | undefined =>
  (globalThis as { readonly __zod_globalRegistry?: Registry }).__zod_globalRegistry;

/** Whether somebody has marked a schema: `.meta({ personal: true })` in zod, `v.metadata({ personal: true })` in valibot. */
function isMarked(schema: Schema): boolean {
  const { pipe, meta, _zod } = schema as Schema & Marked;
  if (typeof meta === 'function' && saysPersonal(meta.call(schema))) return true;
  if (_zod !== undefined && saysPersonal(registry()?.get(schema))) return true;
  return Array.isArray(pipe) && pipe.some((step) => saysPersonal(Object(step)['metadata']));
}

const saysPersonal = (metadata: unknown): boolean =>
  (Object(metadata) as { readonly personal?: unknown }).personal === true;

const containers = new Set([
  'array',
  'record',
  'set',
  'map',
  'tuple',
  'loose_tuple',
  'strict_tuple',
  'tuple_with_rest',
]);

const known = new WeakMap<Schema, readonly string[]>();
const standIns = new WeakMap<Schema, readonly (readonly [of: Schema, under: string])[]>();

/** Says that a schema of ours stands for another one: for the whole of it, or for what lies under each of these names. */
export function standsFor<S extends Schema>(schema: S, of: Schema, under = ['']): S {
  standIns.set(
    schema,
    under.map((name) => [of, name]),
  );
  return schema;
}

/**
 * The paths of the properties that a schema marks as personal: `address.street`, `guests.*.name`; an empty path is all of it.
 *
 * Read from zod, zod/mini and valibot. A library that does not describe its schemas has no marks that could be found.
 */
export function personalPaths(schema: Schema): readonly string[] {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const paths = [...new Set(pathsIn(schema, '', new Set()))];
  known.set(schema, paths);
  return paths;
}

function* pathsIn(schema: Schema, path: string, above: ReadonlySet<Schema>): Iterable<string> {
  if (isMarked(schema)) {
    yield path;
    return;
  }
  for (const [of, under] of standIns.get(schema) ?? [])
    yield* pathsIn(of, joined(path, under), above);
  const described = describe(schema);
  // A schema that contains itself has said everything the first time.
  if (described === undefined || above.has(schema)) return;
  const inside = new Set([...above, schema]);
  for (const [key, part] of partsOf(described)) {
    const name = key === '' && containers.has(described.type) ? '*' : key;
    yield* pathsIn(part, joined(path, name), inside);
  }
}

const joined = (path: string, name: string): string =>
  name === '' ? path : path === '' ? name : `${path}.${name}`;

/** A copy of a value with `[personal]` in the place of what its schema marks. The value itself if nothing is marked. */
export function withoutPersonal(schema: Schema, value: unknown): unknown {
  return personalPaths(schema).reduce(
    (rest, path) => replaced(rest, path === '' ? [] : path.split('.')),
    value,
  );
}

function replaced(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value === undefined ? undefined : redacted;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return name === '*' ? value.map((one: unknown) => replaced(one, rest)) : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      name === '*' || key === name ? replaced(one, rest) : one,
    ]),
  );
}

/** An issue as a schema with personal properties may tell it: what a library says of one may quote another. */
export function hushed(schema: Schema, issue: Issue): Issue {
  const at = issue.at === '' ? [] : issue.at.split('.');
  for (const path of personalPaths(schema)) {
    const names = path === '' ? [] : path.split('.');
    const shared = names.slice(0, at.length).every((name, i) => name === '*' || name === at[i]);
    // Below a mark, even the names may be somebody's: the keys of a record.
    if (shared) return { at: at.slice(0, names.length).join('.'), message: 'does not fit' };
  }
  return issue;
}
