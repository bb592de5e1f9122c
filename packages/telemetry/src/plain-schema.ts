import type { Schema } from '@hearth/core';

/** What a property may be; a name with `?` at its end may be missing, and an object has properties of its own. */
export interface Shape {
  readonly [name: string]: 'number' | 'string' | 'array' | Shape;
}

type Issue = { readonly message: string; readonly path: readonly string[] };

/** A schema of plain objects, checked without a library. */
export function schemaOf<T>(shape: Shape): Schema<T> {
  const validate = (value: unknown) => {
    const issue = issueOf(value, shape, []);
    return issue === undefined ? { value: value as T } : { issues: [issue] };
  };
  return { '~standard': { version: 1, vendor: 'hearth', validate } };
}

function issueOf(value: unknown, shape: Shape, path: readonly string[]): Issue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { message: 'must be an object', path };
  for (const [named, kind] of Object.entries(shape)) {
    const name = named.replace(/\?$/, '');
    const part = (value as Readonly<Record<string, unknown>>)[name];
    if (part === undefined && named !== name) continue;
    const at = [...path, name];
    if (typeof kind === 'object') {
      const issue = issueOf(part, kind, at);
      if (issue !== undefined) return issue;
    } else if (kind === 'array' ? !Array.isArray(part) : typeof part !== kind)
      return { message: `must be ${kind === 'array' ? 'an' : 'a'} ${kind}`, path: at };
  }
  return undefined;
}
