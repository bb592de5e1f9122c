import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isDocument, type Document } from '../twin/document.ts';
import { merged } from '../twin/merge-patch.ts';
import { nameOf } from './issue.ts';
import { standsFor } from './personal.ts';
import { check, type Checked, type Schema } from './schema.ts';
import { bare, hasChecks, shapeOf, type Shape } from './shape.ts';

/** How the parts of an object are checked: `null` removes any property if `removable`, and `unknown` says what is wrong with other names. */
interface PartialOptions {
  readonly removable?: boolean;
  readonly unknown?: string;
}

const unknownName = 'is not a known property';

/**
 * A schema for a merge patch (RFC 7396) of an object: any of its properties, and in objects again any of theirs. `null` stands for a property
 * that may be missing or be `null`.
 *
 * How properties go together only the step can check, which knows the others.
 */
export function partial(schema: Schema, options: PartialOptions = {}): Schema<Document> {
  const validate = (value: unknown): StandardSchemaV1.Result<Document> => {
    if (!isDocument(value)) return { issues: [{ message: 'must be an object' }] };
    const checked = checkPart(shapeOf(schema), value, options);
    if (checked.issue === undefined) return { value: checked.value };
    const { at, message } = checked.issue;
    return { issues: [{ message, path: at.split('.') }] };
  };
  return standsFor({ '~standard': { version: 1, vendor: 'hearth', validate } }, schema);
}

function checkPart(
  shape: Shape | undefined,
  part: Document,
  options: PartialOptions,
): Checked<Document> {
  if (shape === undefined) return { value: part };
  let value: Record<string, unknown> | undefined;
  for (const name of Object.keys(part)) {
    const property = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (property === undefined)
      return { issue: { at: nameOf(name), message: options.unknown ?? unknownName } };
    const checked = checkOne(property, part[name], options);
    if (checked.issue !== undefined) return { issue: inside(name, checked.issue) };
    if (checked.value === part[name]) continue;
    // Most parts are as they should be, and are not copied.
    value ??= { ...part };
    value[name] = checked.value;
  }
  return { value: value ?? part };
}

function checkOne(property: Schema, value: unknown, options: PartialOptions): Checked<unknown> {
  if (value === null && (options.removable === true || mayBeMissing(property))) return { value };
  if (!isDocument(value)) return check(property, value);
  const shape = shapeOf(bare(property));
  return shape === undefined ? checkOpen(property, value) : checkPart(shape, value, options);
}

/** A part whose names are not known, such as those of a record: `null` removes there, and is no value. */
function checkOpen(property: Schema, value: Document): Checked<unknown> {
  const checked = check(property, value);
  if (checked.issue === undefined) return checked;
  const rest = check(property, merged({}, value));
  return rest.issue === undefined ? { value } : checked;
}

const mayBeMissing = (property: Schema): boolean => check(property, undefined).issue === undefined;

const inside = (
  name: string,
  { at, message }: { readonly at: string; readonly message: string },
) => ({
  at: at === '' ? name : `${name}.${at}`,
  message,
});

/**
 * Checks a document of which only some properties are new, so that the cost is that of the patch and not of the whole.
 *
 * A schema that does not tell its properties, or that checks how they go together, is checked whole.
 */
export function checkNamed(
  schema: Schema,
  names: readonly string[],
  document: Document,
): Checked<Document> {
  const shape = shapeOf(schema);
  const checked =
    shape === undefined
      ? { value: named(document, names) }
      : checkProperties(shape, names, document);
  if (checked.issue !== undefined || (shape !== undefined && !hasChecks(schema))) return checked;
  const { issue } = check(schema, document);
  return issue === undefined ? checked : { issue };
}

const named = (document: Document, names: readonly string[]): Document =>
  Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(document, name) ? [[name, document[name]]] : [])),
  );

function checkProperties(
  shape: Shape,
  names: readonly string[],
  document: Document,
): Checked<Document> {
  const value: Record<string, unknown> = {};
  for (const name of names) {
    const property = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (property === undefined) return { issue: { at: nameOf(name), message: unknownName } };
    const checked = check(property, document[name]);
    if (checked.issue !== undefined) return { issue: inside(name, checked.issue) };
    if (Object.hasOwn(document, name)) value[name] = checked.value;
  }
  return { value };
}

/**
 * The names in a patch that `partial` has let through and that still have to be checked in the merged document: those whose parts are checked
 * together, and those that were no object before.
 */
export function togetherIn(schema: Schema, patch: Document, before: Document): readonly string[] {
  const shape = shapeOf(schema);
  return Object.keys(patch).filter((name) => {
    const property = shape?.[name];
    if (property === undefined || !isDocument(patch[name])) return shape === undefined;
    return !isDocument(before[name]) || checksTogether(property);
  });
}

const together = new WeakMap<Schema, boolean>();

function checksTogether(schema: Schema): boolean {
  const known = together.get(schema);
  if (known !== undefined) return known;
  const inner = bare(schema);
  const shape = shapeOf(inner);
  // A schema that refers to itself is taken for one that does.
  together.set(schema, true);
  const does =
    hasChecks(schema) ||
    hasChecks(inner) ||
    (shape === undefined
      ? !isLeafSchema(inner)
      : Object.values(shape).some((part) => part !== undefined && checksTogether(part)));
  together.set(schema, does);
  return does;
}

/** Whether a schema takes no object, as far as it can be asked. */
const isLeafSchema = (schema: Schema): boolean => check(schema, {}).issue !== undefined;
