import type { Schema } from './schema.ts';

/**
 * What a schema says about itself: `_zod.def` of zod 4 and zod/mini, or the schema itself in valibot. Other libraries have no
 * description that this file could read and are taken at their word.
 */
export interface Description {
  readonly type: string;
  readonly [part: string]: unknown;
}

interface Described {
  readonly _zod?: { readonly def: Description };
  readonly '~standard'?: { readonly vendor: string };
}

const fillsIn = 'it fills in a default; put it into `initial` or an upcast';
// Kinds whose output is not what came in.
const refused: Readonly<Record<string, string>> = {
  transform: 'it transforms',
  pipe: 'it transforms',
  catch: 'it replaces what does not fit',
  default: fillsIn,
  prefault: fillsIn,
  success: 'it transforms',
};
const unknownToJson = new Set([
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
  'blob',
  'instance',
]);
// Where the two libraries keep a schema's parts: properties by their names, the others without.
const named = ['shape', 'entries'];
const nameless =
  'element item items rest keyType valueType key value options left right innerType wrapped catchall pipe'.split(
    ' ',
  );

/** Why a schema's values are not plain JSON, with the path of the property, or `undefined` if they are as far as can be told. */
export function whyNotJson(
  schema: Schema,
  path = '',
  visited = new Set<unknown>(),
): string | undefined {
  const described = describe(schema);
  if (described === undefined || visited.has(schema)) return undefined;
  visited.add(schema);
  const reason = reasonOf(described);
  if (reason !== undefined) return path === '' ? reason : `at "${path}" ${reason}`;
  for (const [key, part] of partsOf(described)) {
    const at = key === '' ? path : path === '' ? key : `${path}.${key}`;
    const found = whyNotJson(part, at, visited);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a schema says about itself, if its library lets it. */
export function describe(schema: Schema): Description | undefined {
  const { _zod, '~standard': standard } = schema as Described;
  return (
    _zod?.def ?? (standard?.vendor === 'valibot' ? (schema as object as Description) : undefined)
  );
}

function reasonOf(described: Description): string | undefined {
  const { type } = described;
  if (unknownToJson.has(type)) return `a ${type} is not JSON`;
  const strange = literalsOf(described).find((one) => !isJsonLiteral(one));
  if (strange !== undefined) return `a ${typeof strange[0]} is not JSON`;
  if (waits(described)) return 'a check of it waits; a schema must answer at once';
  return whyChanged(described) ?? refused[type];
}

// In a list of their own, so that `undefined` can be found among them.
function literalsOf({ type, values, literal }: Description): readonly (readonly [unknown])[] {
  if (type !== 'literal') return [];
  return (Array.isArray(values) ? (values as unknown[]) : [literal]).map((one) => [one]);
}

const isJsonLiteral = ([one]: readonly [unknown]): boolean =>
  one === null || ['string', 'number', 'boolean'].includes(typeof one);

interface Check {
  readonly kind?: string;
  readonly type?: string;
  readonly async?: boolean;
  readonly _zod?: {
    readonly def: { readonly check: string; readonly fn?: unknown; readonly normalize?: boolean };
  };
}

const checksOf = ({ checks, pipe }: Description): readonly Check[] =>
  (checks ?? (Array.isArray(pipe) ? pipe : [])) as readonly Check[];

/** Only what is declared `async` can be recognised before it runs. */
function waits(described: Description): boolean {
  const isAsync = (fn: unknown) =>
    typeof fn === 'function' && fn.constructor.name === 'AsyncFunction';
  return (
    described['async'] === true ||
    isAsync(described['fn']) ||
    checksOf(described).some(({ async, _zod }) => async === true || isAsync(_zod?.def.fn))
  );
}

// What valibot calls a transformation and yet leaves the value as it is.
const onlyTypes = ['brand', 'flavor', 'readonly'];

function whyChanged(described: Description): string | undefined {
  if (described['coerce'] === true) return 'it coerces';
  if (described['fallback'] !== undefined) return refused['catch'];
  if (described['kind'] !== undefined && described['default'] !== undefined) return fillsIn;
  const checks = checksOf(described);
  const rewrites = [described, ...checks.map(({ _zod }) => _zod?.def)].some(
    (def) => def?.['normalize'] === true || def?.['check'] === 'overwrite',
  );
  if (rewrites) return 'it changes the text';
  const transforms = checks.some(
    ({ kind, type = '' }) => kind === 'transformation' && !onlyTypes.includes(type),
  );
  return transforms ? refused['transform'] : undefined;
}

/** The parts of a schema, with the names of those that have one. */
export function* partsOf(described: Description): Iterable<readonly [string, Schema]> {
  for (const name of named)
    yield* Object.entries((described[name] ?? {}) as Record<string, Schema>);
  for (const name of nameless) {
    const parts = [described[name]].flat();
    for (const part of parts) if (isSchema(part)) yield ['', part];
  }
  const part = described.type === 'lazy' ? got(described['getter'] as () => unknown) : undefined;
  if (isSchema(part)) yield ['', part];
}

/** What a lazy schema refers to may not be defined yet; it is taken at its word then. */
function got(getter: () => unknown): unknown {
  try {
    return getter();
  } catch {
    return undefined;
  }
}

// The steps of a valibot pipe are not all schemas; only these have parts and kinds of their own.
const isSchema = (part: unknown): part is Schema =>
  typeof part === 'object' && part !== null && '~standard' in part;
