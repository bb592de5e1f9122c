import { readFileSync } from 'node:fs';
import { parse, type ScalarTag } from 'yaml';

/** A template as it is written, with its functions as objects: `!Ref X` is `{ Ref: 'X' }`, as in JSON. */
export interface Template {
  readonly Parameters: Readonly<Record<string, object>>;
  readonly Globals: { readonly Function: Readonly<Record<string, unknown>> };
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** One resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- it is YAML, and what is expected of it is what the tests say
  readonly Properties: any;
}

const functions = ['Ref', 'GetAtt', 'Sub', 'If', 'Equals', 'Not', 'Select', 'Split', 'Join'];

/** Reads a template of CloudFormation. */
export function template(path: URL): Template {
  const customTags = functions.flatMap(
    (name): ScalarTag[] =>
      (['map', 'seq', undefined] as const).map((collection) => ({
        tag: `!${name}`,
        ...(collection === undefined ? {} : { collection }),
        resolve: (value: unknown) => ({ [keyOf(name)]: plain(value) }),
      })) as ScalarTag[],
  );
  return parse(readFileSync(path, 'utf8'), { customTags }) as Template;
}

const keyOf = (name: string): string => (name === 'Ref' ? name : `Fn::${name}`);

function plain(value: unknown): unknown {
  const { toJSON } = Object(value) as { toJSON?: () => unknown };
  return typeof toJSON === 'function' ? toJSON.call(value) : value;
}
