import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { whyNotJson } from './json-schema.ts';

/** Any synchronous Standard Schema (zod, valibot, …) whose values are JSON. */
export type Schema<O = unknown> = StandardSchemaV1<unknown, O>;

/** A value that fits, or the first reason why it does not: `at` is the path of the property. */
export type Checked<O> =
  | { readonly value: O; readonly issue?: undefined }
  | { readonly issue: { readonly at: string; readonly message: string } };

/**
 * Checks a value against a schema.
 *
 * @throws {HearthError} `invalid-definition` when the schema answers with a promise.
 */
export function check<O>(schema: Schema<O>, value: unknown): Checked<O> {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    throw new HearthError(
      'invalid-definition',
      'A schema answered with a promise; use a synchronous one.',
    );
  }
  return result.issues === undefined ? result : { issue: describe(result.issues) };
}

function describe(issues: readonly StandardSchemaV1.Issue[]): { at: string; message: string } {
  const path = (issues[0]?.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  return { at: path.join('.'), message: issues[0]?.message ?? 'does not fit its schema' };
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

/** Refuses, at definition, an initial state that its own schema refuses. */
export function assertFits(schema: Schema, value: unknown, owner: string): void {
  const checked = check(schema, value);
  if (checked.issue === undefined) return;
  const { at, message } = checked.issue;
  throw new HearthError(
    'invalid-definition',
    `${owner} does not fit its schema at "${at}": ${message}`,
    {
      field: at,
    },
  );
}

type Shape = Readonly<Record<string, Schema | undefined>>;

/** The schemas of an object schema's properties, where the library tells them (zod: `shape`, valibot: `entries`). */
export function shapeOf(schema: Schema): Shape | undefined {
  const { shape, entries } = schema as { readonly shape?: Shape; readonly entries?: Shape };
  return shape ?? entries;
}

/**
 * Checks only the properties that a patch names, so that the cost is that of the patch and not of the whole.
 *
 * A schema that does not tell its properties is checked whole, with the patch laid over `base`.
 */
export function checkPatch(
  schema: Schema,
  patch: Readonly<Record<string, unknown>>,
  base: Readonly<Record<string, unknown>>,
): Checked<Readonly<Record<string, unknown>>> {
  const shape = shapeOf(schema);
  if (shape === undefined) {
    const { issue } = check(schema, { ...base, ...patch });
    return issue === undefined ? { value: patch } : { issue };
  }
  const value: Record<string, unknown> = {};
  for (const key of Object.keys(patch)) {
    const property = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (property === undefined) return { issue: { at: key, message: 'is not a known property' } };
    const checked = check(property, patch[key]);
    if (checked.issue !== undefined) {
      const { at, message } = checked.issue;
      return { issue: { at: at === '' ? key : `${key}.${at}`, message } };
    }
    value[key] = checked.value;
  }
  return { value };
}

/** A schema for an object of which any of the properties may be given; `null` removes a property if `removable`. */
export function partial(
  schema: Schema,
  base: Readonly<Record<string, unknown>>,
  options: { readonly removable?: boolean } = {},
): Schema<Readonly<Record<string, unknown>>> {
  const validate = (value: unknown): StandardSchemaV1.Result<Readonly<Record<string, unknown>>> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { issues: [{ message: 'must be an object' }] };
    }
    const given: Record<string, unknown> = {};
    const removed: Record<string, null> = {};
    for (const [key, part] of Object.entries(value)) {
      if (part === null && options.removable === true) removed[key] = null;
      else given[key] = part;
    }
    const checked = checkPatch(schema, given, base);
    return checked.issue === undefined
      ? { value: { ...checked.value, ...removed } }
      : { issues: [{ message: checked.issue.message, path: checked.issue.at.split('.') }] };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}

/** A schema that accepts everything: for state that the library itself keeps. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'hearth', validate: (value) => ({ value }) },
};
