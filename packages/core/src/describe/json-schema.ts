import { HearthError } from '../event/error.ts';
import type { Schema } from '../model/schema.ts';
import { isDocument, type Document } from '../twin/document.ts';

/** A JSON Schema of the dialect 2020-12. */
export type JsonSchema = Document;

interface Telling extends Schema {
  readonly '~standard': Schema['~standard'] & {
    readonly jsonSchema?: {
      input(options: { readonly target: string }): Record<string, unknown>;
    };
  };
}

/**
 * What a schema says of itself as JSON Schema.
 *
 * @throws {HearthError} `invalid-definition` when its library has no Standard JSON Schema, or part of it cannot be said.
 */
export function jsonSchemaOf(schema: Schema, owner: string): JsonSchema {
  const { jsonSchema } = (schema as Telling)['~standard'];
  if (jsonSchema === undefined)
    throw new HearthError(
      'invalid-definition',
      `The schema of ${owner} does not say what it is as JSON Schema. zod from 4.2 does (zod/mini does not); wrap one of valibot in toStandardJsonSchema() of @valibot/to-json-schema.`,
      { field: owner },
    );
  try {
    const { $schema: _, ...said } = jsonSchema.input({ target: 'draft-2020-12' });
    return said;
  } catch (cause) {
    const message = `The schema of ${owner} cannot be said as JSON Schema.`;
    throw new HearthError('invalid-definition', message, { field: owner, cause });
  }
}

/** Either of two schemas. */
export const either = (...schemas: readonly JsonSchema[]): JsonSchema => ({ anyOf: schemas });

const nothing: JsonSchema = { type: 'null' };

const takesNull = ({ type, anyOf }: JsonSchema): boolean =>
  type === 'null' ||
  (Array.isArray(type) && type.includes('null')) ||
  (Array.isArray(anyOf) && anyOf.some((one) => takesNull(one as JsonSchema)));

const orNull = (schema: JsonSchema): JsonSchema =>
  takesNull(schema) ? schema : either(schema, nothing);

/**
 * The schema of a merge patch (RFC 7396) for what a schema describes: any property, in objects again any of theirs, and `null` for what may be
 * missing, or for everything if `removable`.
 */
export function patchOf(schema: JsonSchema, removable = false): JsonSchema {
  const { properties, required, additionalProperties: others, anyOf, ...rest } = schema;
  if (Array.isArray(anyOf)) {
    return { ...schema, anyOf: anyOf.map((one) => patchOf(one as JsonSchema, removable)) };
  }
  if (schema['type'] !== 'object') return schema;
  if (!isDocument(properties))
    return isDocument(others) ? { ...schema, additionalProperties: orNull(others) } : schema;
  const needed = new Set(required as readonly string[] | undefined);
  const parts = Object.entries(properties).map(([name, part]) => {
    const patch = patchOf(part as JsonSchema, removable);
    return [name, removable || !needed.has(name) ? orNull(patch) : patch] as const;
  });
  return {
    ...rest,
    properties: Object.fromEntries(parts),
    additionalProperties: isDocument(others) ? others : false,
  };
}

/** The schema of an object of these properties; those whose names end with `?` may be missing. */
export function objectOf(parts: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const named = Object.entries(parts).map(([name, schema]) => [name.replace(/\?$/, ''), schema]);
  return {
    type: 'object',
    properties: Object.fromEntries(named) as Document,
    required: Object.keys(parts).filter((name) => !name.endsWith('?')),
  };
}
