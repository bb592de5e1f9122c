import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { issueOf, nameOf, type Issue } from './issue.ts';
import { whyNotJson } from './json-schema.ts';
import { same } from './patch.ts';

/** Any synchronous Standard Schema (zod, valibot, …) whose values are JSON. */
export type Schema<O = unknown> = StandardSchemaV1<unknown, O>;

/** A value that fits, or the first reason why it does not: `at` is the path of the property. */
export type Checked<O> =
  | { readonly value: O; readonly issue?: undefined }
  | { readonly issue: Issue };

/**
 * Checks a value against a schema.
 *
 * @throws {HearthError} `invalid-definition` when the schema throws, or answers with a promise.
 */
export function check<O>(schema: Schema<O>, value: unknown): Checked<O> {
  const result = attempt(schema, value);
  if (result instanceof Promise) {
    // Nobody will wait for it, so its failure must not become an unhandled rejection, which ends the process.
    result.catch(() => undefined);
    throw new HearthError(
      'invalid-definition',
      'A schema answered with a promise: it is asynchronous, or one of its checks threw.',
    );
  }
  if (typeof result !== 'object' || (result as object | null) === null)
    throw new HearthError('invalid-definition', 'A schema gave no answer.');
  return result.issues === undefined ? result : { issue: issueOf(result.issues, value) };
}

function attempt<O>(schema: Schema<O>, value: unknown) {
  try {
    return schema['~standard'].validate(value);
  } catch (cause) {
    throw new HearthError('invalid-definition', 'A check of a schema threw.', { cause });
  }
}

/**
 * Refuses, at definition, a schema that is not one of plain JSON values: one that transforms, fills in, or yields a Date or Map.
 *
 * @throws {HearthError} `invalid-definition`, naming the property.
 */
export function assertJson(schema: Schema, owner: string): void {
  const reason = whyNotJson(schema);
  if (reason === undefined) return;
  throw new HearthError(
    'invalid-definition',
    `The schema of ${owner} is not plain JSON: ${reason}.`,
    {
      field: owner,
    },
  );
}

interface Zod<O> extends Schema<O> {
  safeParse?(
    value: unknown,
    options: { readonly jitless: true },
  ): {
    readonly data?: O;
    readonly error?: { readonly issues: readonly StandardSchemaV1.Issue[] };
  };
}

/**
 * A schema for one check at the start of a process: zod compiles an object schema at its first use, which takes half a millisecond and
 * can be declined by its own parser only.
 */
function uncompiled<O>(schema: Schema<O>): Schema<O> {
  const { '~standard': standard } = schema;
  if (standard.vendor !== 'zod') return schema;
  const validate = (
    value: unknown,
  ): StandardSchemaV1.Result<O> | Promise<StandardSchemaV1.Result<O>> => {
    try {
      const parsed = (schema as Zod<O>).safeParse?.(value, { jitless: true });
      if (parsed?.error !== undefined) return { issues: parsed.error.issues };
      if (parsed !== undefined) return { value: parsed.data as O };
    } catch {
      // It waits, which only the other way tells.
    }
    return standard.validate(value);
  };
  return { '~standard': { ...standard, validate } };
}

/**
 * Refuses, at definition, an initial state that its own schema refuses or changes, or that JSON does not keep.
 *
 * @throws {HearthError} `invalid-definition`, with the property as `field`.
 */
export function assertFits(schema: Schema, value: unknown, owner: string): void {
  const checked = check(uncompiled(schema), value);
  const { at, message } = checked.issue ??
    changeOf(value, checked.value) ?? { at: '', message: '' };
  if (message === '') return;
  throw new HearthError(
    'invalid-definition',
    `${owner} does not fit its schema at "${at}": ${message}`,
    { field: at },
  );
}

/** The first property that a store or the schema would change. */
function changeOf(value: unknown, fitted: unknown): { at: string; message: string } | undefined {
  const [given, stored, checked] = [value, jsonOf(value), fitted] as readonly Values[];
  if (!same(given, stored)) return { at: differing(given, stored), message: 'is not plain JSON' };
  if (!same(given, checked))
    return { at: differing(given, checked), message: 'is changed by its schema' };
  return undefined;
}

function jsonOf(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    // A cycle or a bigint: no JSON at all.
    return undefined;
  }
}

const differing = (a: Values | undefined, b: Values | undefined): string =>
  typeof a === 'object'
    ? (Object.keys(a).find((key) => !same(a[key], b?.[key]) || b?.[key] === undefined) ?? '')
    : '';

type Values = Readonly<Record<string, unknown>>;
type Shape = Readonly<Record<string, Schema | undefined>>;

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

/** Whether a schema says something about the whole, which its properties do not know. */
function hasChecks(schema: Schema): boolean {
  const { pipe, _zod } = schema as Described;
  // In zod, `pipe` is a method.
  return Array.isArray(pipe) || (_zod?.def.checks?.length ?? 0) > 0;
}

/**
 * Checks only the properties that a patch names, so that the cost is that of the patch and not of the whole.
 *
 * A schema that does not tell its properties, or that checks how they go together, is checked whole, with the patch laid over `base`.
 */
export function checkPatch(schema: Schema, patch: Values, base: Values): Checked<Values> {
  const shape = shapeOf(schema);
  const checked = shape === undefined ? { value: patch } : checkProperties(shape, patch);
  if (checked.issue !== undefined || (shape !== undefined && !hasChecks(schema))) return checked;
  const { issue } = check(schema, { ...base, ...patch });
  return issue === undefined ? checked : { issue };
}

function checkProperties(shape: Shape, patch: Values, why = unknown): Checked<Values> {
  const value: Record<string, unknown> = {};
  for (const key of Object.keys(patch)) {
    const property = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (property === undefined) return { issue: { at: nameOf(key), message: why } };
    const checked = check(property, patch[key]);
    if (checked.issue !== undefined) {
      const { at, message } = checked.issue;
      return { issue: { at: at === '' ? key : `${key}.${at}`, message } };
    }
    value[key] = checked.value;
  }
  return { value };
}

const unknown = 'is not a known property';

/** How the parts of an object are checked: `null` removes a property if `removable`, and `unknown` says what is wrong with other names. */
interface PartialOptions {
  readonly removable?: boolean;
  readonly unknown?: string;
}

/**
 * A schema for an object of which any of the properties may be given.
 *
 * How properties go together only the step can check, which knows the others.
 */
export function partial(schema: Schema, options: PartialOptions = {}): Schema<Values> {
  const validate = (value: unknown): StandardSchemaV1.Result<Values> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { issues: [{ message: 'must be an object' }] };
    }
    const checked = checkPart(shapeOf(schema), value as Values, options);
    if (checked.issue === undefined) return { value: checked.value };
    const { at, message } = checked.issue;
    return { issues: [{ message, path: at.split('.') }] };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}

function checkPart(
  shape: Shape | undefined,
  value: Values,
  { removable = false, unknown: why = unknown }: PartialOptions,
): Checked<Values> {
  if (shape === undefined) return { value };
  const isRemoved = (key: string) => removable && value[key] === null && Object.hasOwn(shape, key);
  const removed = Object.keys(value).filter(isRemoved);
  if (removed.length === 0) return checkProperties(shape, value, why);
  const given = Object.entries(value).filter(([key]) => !isRemoved(key));
  const checked = checkProperties(shape, Object.fromEntries(given), why);
  if (checked.issue !== undefined) return checked;
  return { value: { ...checked.value, ...Object.fromEntries(removed.map((key) => [key, null])) } };
}

/** A schema that accepts everything: for state that the library itself keeps. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'hearth', validate: (value) => ({ value }) },
};
