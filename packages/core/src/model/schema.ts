import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HearthError } from '../event/error.ts';
import { issueOf, type Issue } from './issue.ts';
import { whyNotJson } from './json-schema.ts';
import { hushed } from './personal.ts';
import { same } from '../twin/document.ts';

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
  return result.issues === undefined
    ? result
    : { issue: hushed(schema, issueOf(result.issues, value)) };
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
  if (typeof (schema as Partial<Schema> | undefined)?.['~standard']?.validate !== 'function')
    throw new HearthError(
      'invalid-definition',
      `${owner} needs a Standard Schema, such as z.object({ … }).`,
      { field: owner },
    );
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

/** A schema that accepts everything: for state that the library itself keeps. */
export const anything: Schema = {
  '~standard': { version: 1, vendor: 'hearth', validate: (value) => ({ value }) },
};
