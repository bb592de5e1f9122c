import type { Schema } from './schema.ts';

/** The part of a zod 4 schema's description that this file reads. Other libraries have none and are taken at their word. */
interface Described {
  readonly _zod?: { readonly def: Definition };
}

interface Definition {
  readonly type: string;
  readonly coerce?: boolean;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly check: string } } }[];
  readonly [part: string]: unknown;
}

// Kinds whose output is not what came in, or that JSON cannot carry.
const refused: Readonly<Record<string, string>> = {
  transform: 'it transforms',
  pipe: 'it transforms',
  catch: 'it replaces what does not fit',
  default: 'it fills in a default; put it into `initial` or an upcast',
  prefault: 'it fills in a default; put it into `initial` or an upcast',
  success: 'it transforms',
};
const unknownToJson = [
  'date',
  'map',
  'set',
  'bigint',
  'symbol',
  'undefined',
  'void',
  'nan',
  'promise',
  'function',
  'file',
];
const nested = [
  'shape',
  'element',
  'items',
  'rest',
  'keyType',
  'valueType',
  'options',
  'left',
  'right',
  'innerType',
  'catchall',
];

/** Why a schema's values are not plain JSON, with the path of the property, or `undefined` if they are as far as can be told. */
export function whyNotJson(
  schema: Schema,
  path = '',
  visited = new Set<unknown>(),
): string | undefined {
  const def = (schema as Described)._zod?.def;
  if (def === undefined || visited.has(schema)) return undefined;
  visited.add(schema);
  const reason = reasonOf(def);
  if (reason !== undefined) return path === '' ? reason : `at "${path}" ${reason}`;
  for (const [key, part] of partsOf(def)) {
    const at = key === '' ? path : path === '' ? key : `${path}.${key}`;
    const found = whyNotJson(part, at, visited);
    if (found !== undefined) return found;
  }
  return undefined;
}

function reasonOf(def: Definition): string | undefined {
  if (unknownToJson.includes(def.type)) return `a ${def.type} is not JSON`;
  if (def.coerce === true) return 'it coerces';
  if (def.checks?.some((check) => check._zod.def.check === 'overwrite'))
    return 'it changes the text';
  return refused[def.type];
}

function* partsOf(def: Definition): Iterable<readonly [string, Schema]> {
  for (const name of nested) {
    const part = def[name];
    if (Array.isArray(part)) for (const one of part) yield ['', one as Schema];
    else if (name === 'shape') yield* Object.entries((part ?? {}) as Record<string, Schema>);
    else if (part !== undefined && part !== null) yield ['', part as Schema];
  }
  if (def.type === 'lazy') yield ['', (def['getter'] as () => Schema)()];
}
