import { check, type Schema } from './schema.ts';

/** The schemas of an object's properties. */
export type Shape = Readonly<Record<string, Schema | undefined>>;

/** How zod and valibot tell what an object schema is made of. */
interface Described {
  readonly shape?: Shape;
  readonly entries?: Shape;
  readonly type?: string;
  readonly pipe?: unknown;
  readonly _zod?: {
    readonly def: {
      readonly type: string;
      readonly checks?: readonly unknown[];
      readonly catchall?: Described;
    };
  };
}

/** The schemas of an object schema's properties, where the library tells them (zod: `shape`, valibot: `entries`) and they are all it allows. */
export function shapeOf(schema: Schema): Shape | undefined {
  const { shape, entries, type, _zod } = schema as Described;
  const rest = _zod?.def.catchall;
  const isOpen =
    type === 'loose_object' ||
    type === 'object_with_rest' ||
    (rest !== undefined && rest._zod?.def.type !== 'never');
  return isOpen ? undefined : (shape ?? entries);
}

/** The schema of what is at a path, as far as the library tells, seen through `optional` and `nullable`. */
export function schemaAt(schema: Schema, path: readonly string[]): Schema | undefined {
  let part: Schema | undefined = schema;
  for (const name of path) {
    const shape: Shape | undefined = part === undefined ? undefined : shapeOf(bare(part));
    part = shape !== undefined && Object.hasOwn(shape, name) ? shape[name] : undefined;
  }
  return part;
}

/** A schema without the wrappers that let a property be missing or `null`. */
export function bare(schema: Schema): Schema {
  const { _zod, wrapped } = schema as Described & { readonly wrapped?: Schema };
  const inner = (_zod?.def as { readonly innerType?: Schema } | undefined)?.innerType ?? wrapped;
  return inner === undefined ? schema : bare(inner);
}

const nullables = new WeakMap<Schema, boolean>();

/** Whether `null` is a value of the property at a path. */
export function takesNull(schema: Schema, path: readonly string[]): boolean {
  const property = schemaAt(schema, path);
  if (property === undefined) return false;
  const known = nullables.get(property);
  if (known !== undefined) return known;
  const takes = check(property, null).issue === undefined;
  nullables.set(property, takes);
  return takes;
}

/** Whether a schema says something about the whole, which its properties do not know. */
export function hasChecks(schema: Schema): boolean {
  const { pipe, _zod } = schema as Described;
  // In zod, `pipe` is a method.
  return Array.isArray(pipe) || (_zod?.def.checks?.length ?? 0) > 0;
}
